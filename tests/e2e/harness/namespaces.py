"""A private network and mounts of the scenario. Debian packages: iproute2, nftables, util-linux"""

import os
import pathlib
import re
import subprocess
import sys

_MARK = "POSTERN_OWN_NAMESPACES"


def enter_own_namespaces():
    """Must be called first: restarts the scenario in its own namespaces, with an idle loopback that is up."""
    if _MARK not in os.environ:
        root = [] if os.geteuid() == 0 else ["--map-root-user"]
        os.execvpe("unshare", ["unshare", "--net", "--mount", *root, sys.executable, *sys.argv],
                   {**os.environ, _MARK: "1"})
    del os.environ[_MARK]
    _run("ip", "link", "set", "lo", "up")


def mount(*arguments):
    """As mount(8); it ends with the scenario."""
    _run("mount", *arguments)


def _run(*command, text: str = ""):
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr}")


class Firewall:
    """The network faults of the scenario for packets to `port` of 127.0.0.1."""

    def __init__(self, port: int):
        self._port = port
        self._sends("add table ip faults\n"
                    "add chain ip faults in { type filter hook input priority 0; }\n")

    @staticmethod
    def _sends(rules: str):
        _run("nft", "-f", "-", text=rules)

    def _holds(self, *rules: str):
        self._sends("flush chain ip faults in\n" +
                    "".join(f"add rule ip faults in {rule}\n" for rule in rules))

    def drop_new(self):
        """Nobody can connect; existing connections continue."""
        self._holds(f"tcp dport {self._port} tcp flags & (syn | ack) == syn drop")

    def drop(self):
        self._holds(f"tcp dport {self._port} drop", f"tcp sport {self._port} drop")

    def forget(self):
        """Drops packets of existing connections, like a firewall that has lost their state."""
        table = pathlib.Path("/proc/net/tcp").read_text()
        ours = {int(port, 16) for port in
                re.findall(rf" \w+:(\w+) 0100007F:{self._port:04X} 01 ", table)}
        if ours:
            ports = ", ".join(map(str, ours))
            self._holds(f"tcp dport {self._port} tcp sport {{ {ports} }} drop",
                        f"tcp sport {self._port} tcp dport {{ {ports} }} drop")
        return len(ours)

    def reset(self):
        self._holds(f"tcp dport {self._port} reject with tcp reset")

    def open(self):
        self._holds()
