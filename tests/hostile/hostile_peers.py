"""hostile_peers.py SECONDS: each peer attacks the daemon or the injector for this time, one after another.
Meanwhile `/-/healthy` on its own listener answers within 100 ms at p99 and always within a second. The
process uses less than 64 MiB. A well-behaved scraper or API server loses nothing.

With sanitizers, which cost time and memory, the test checks only that the process lives, that nothing is
lost, and that they report nothing. POSTERN_BUILD names the folder of the programs."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
import harness  # noqa: E402
from harness import check  # noqa: E402
from harness.injector import pod, review_of  # noqa: E402

SECONDS = int(sys.argv.pop())
MOST_BYTES = 64 << 20
MOST_P99, MOST = 100, 1000  # ms
IDLE = 2000
COSTLY = "(a{100}|b{100}){9}"
_TARGET = "targets:\n  - name: a\n    url: https://localhost\n"


def _pages() -> dict[str, tuple[str, str]]:
    """Maps the name of a target to the format and the text of its page."""
    labels = ",".join(f'l{i}="{i}"' for i in range(100_000))
    names = ",".join(f'"{i}":1' for i in range(20_000))
    line = 'large{number="%07d",text="' + "x" * 80 + '"} 1\n'
    meter = json.dumps({"kind": "Counter", "values": [
        {"tags": [{"key": "a", "value": str(i)}], "values": [{"t": 1, "v": i}]} for i in range(20_000)]})
    return {
        "large": ("text", "# TYPE large gauge\n" + "".join(line % i for i in range(60_000))),
        "medium": ("text", "# TYPE large gauge\n" + "".join(line % i for i in range(7_000))),
        "labels": ("text", f"many{{{labels}}} 1\n"),
        "repeated-labels": ("text", "many{" + 'a="1",' * 100_000 + "} 1\n"),
        "short-lines": ("text", "a 1\n" * 2_000_000),
        "long-name": ("spectator_json", '{"applicationName":"a","metrics":{"' + "m" * 1_000_000 + f'":{meter}}}}}'),
        "deep": ("spectator_json", '{"metrics":' * 200_000),
        "buckets": ("whatsapp_json", '{"metrics":{"x":{"data":[{"labels":{"a":"' + "n" * 100_000 +
                    f'"}},"bucket":{{{names}}},"sum":1,"count":1}}]}}}}}}'),
        "nodes": ("whatsapp_json", '{"metrics":{"' + "n" * 100_000 + '":{"data":[' +
                  ",".join(['{"value":1}'] * 20_000) + "]}}}"),
    }


class Attack:
    """Threads of a peer that run until `with` is left."""

    def __init__(self, work, threads: int = 1):
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(work,)) for _ in range(threads)]

    def _repeat(self, work):
        while not self._end.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                work(self._end)

    def __enter__(self):
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


class Program:
    """A peer of peer.cpp."""

    def __init__(self, stage, what: str, port: int):
        self._arguments = [stage.build / "tests" / "hostile_peer", what, str(port), str(SECONDS)]

    def __enter__(self):
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.DEVNULL)

    def __exit__(self, *_):
        check(self._process.wait(SECONDS + 30) == 0, f"the peer {self._arguments[1]} was accepted")


def idle(port: int):
    """Nearly as many connections as one process may have; replaces those that were closed."""
    def hold(end):
        held = []
        while not end.is_set():
            if len(held) < IDLE:
                held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
                held[-1].sendall(b"\x16\x03\x01")  # the beginning of a handshake
            else:
                for connection in held:
                    connection.close()
                held.clear()
    return hold


def slow_reader(port: int, path: str, context: ssl.SSLContext):
    """Requests the page, and reads a little from time to time until it is disconnected."""
    def read(end):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", port))
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while not end.wait(0.1) and connection.recv(10):
                pass
    return read


def asker(port: int, path: str, context: ssl.SSLContext):
    def ask(_):
        connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=context)
        connection.request("GET", path)
        answer = connection.getresponse()
        while answer.read(1 << 16):
            pass
        connection.close()
    return ask


class Victim:
    """The attacked process, and the checks meanwhile."""

    def __init__(self, stage, process, health_port: int, behave):
        self._stage, self._process, self._health_port, self._behave = stage, process, health_port, behave
        self.sanitized = (stage.build / "CMakeCache.txt").read_text().find("POSTERN_SANITIZE:STRING=address") >= 0

    def _resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) << 10

    def under(self, name: str, *attacks):
        lost, most = [], 0
        probe = subprocess.Popen([self._stage.build / "tests" / "hostile_peer", "probe", str(self._health_port),
                                  str(SECONDS)], stdout=subprocess.PIPE, text=True)
        asked = 0
        with contextlib.ExitStack() as stack:
            for attack in attacks:
                stack.enter_context(attack)
            while probe.poll() is None:
                check(self._process.running(), f"{name}: it runs")
                asked += 1
                if wrong := self._behave():
                    lost.append(wrong)
                most = max(most, self._resident_bytes())
                time.sleep(0.05)
        count, failed, p99, slowest = map(float, probe.communicate()[0].split())
        print(f"{name:24} {count:6.0f} probes, p99 {p99:7.2f} ms, slowest {slowest:7.2f} ms, "
              f"{most / 2**20:5.1f} MiB, lost {len(lost)} of {asked}", flush=True)
        check(failed == 0, f"{name}: {failed} probes failed")
        check(not lost, f"{name}: {lost[:3]}")
        check(count >= SECONDS, f"{name}: there were {count} probes")
        if not self.sanitized:
            check(p99 < MOST_P99 and slowest < MOST, f"{name}: probes are slow")
            check(most < MOST_BYTES, f"{name}: it takes {most} bytes")


def attack_daemon(stage):
    whatsapp = stage.whatsapp()
    root = stage.folder_for("www")
    for name, (_, page) in _pages().items():
        (root / name).write_text(page)
    pair = stage.authority.issue("pages.internal")
    nginx = stage.nginx(f"ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key}; root {root};"
                        " default_type text/plain;")
    tls = stage.tls_folder()
    targets = "targets:\n" + stage.plain_target(whatsapp)
    for name, (form, _) in _pages().items():
        targets += (f"  - name: {name}\n    preset: spinnaker\n    url: {nginx.url}\n"
                    f"    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt,"
                    f" key_file: {tls}/tls.key, server_name: pages.internal }}\n"
                    f"    pages: [{{ path: /{name}, format: {form} }}]\n")
    config, web = stage.folder_for("config") / "postern.yml", stage.folder_for("config") / "web.yml"
    config.write_text(targets)
    server = stage.authority.issue("localhost")
    web.write_text(f"tls_server_config: {{ cert_file: {server.certificate}, key_file: {server.key} }}\n")
    context = ssl.create_default_context(cafile=str(stage.authority.certificate))
    context.check_hostname = False
    health = harness.free_port()
    postern = stage.postern(f"--config.file={config}", f"--web.config.file={web}",
                            f"--web.health-address=127.0.0.1:{health}", tls=context)
    port = postern.port
    state = {"scrapes": 0}

    def scrape(path: str = "/metrics/plain", seconds: float = 10) -> str:
        connection = http.client.HTTPSConnection("localhost", port, timeout=seconds, context=context)
        try:
            connection.request("GET", path, headers={"X-Prometheus-Scrape-Timeout-Seconds": str(seconds)})
            answer = connection.getresponse()
            body = answer.read()
            return "" if answer.status == 200 else f"{path}: {answer.status} {body[:200]!r}"
        except (OSError, http.client.HTTPException) as failure:
            return f"{path}: {failure!r}"
        finally:
            connection.close()

    def behave() -> str:
        """Every tenth scrape requests the page of the slow readers."""
        state["scrapes"] += 1
        return scrape("/metrics/large" if state["scrapes"] % 10 == 0 else "/metrics/plain")

    victim = Victim(stage, postern.process, health, behave)
    check(scrape() == "", "a successful scrape")
    victim.under("nobody")
    for peer in ("pipelining", "key-updates", "handshakes"):
        victim.under(peer, Program(stage, peer, port))
    victim.under("idle", Attack(idle(port)))
    for path in ("large", "medium"):
        victim.under(f"slow readers, {path}", Attack(slow_reader(port, f"/metrics/{path}", context), 24))
    for name in _pages():
        if name not in ("large", "medium"):
            victim.under(name, Attack(asker(port, f"/metrics/{name}", context), 3))

    def reload(end):
        for text in ("[" * 1_000_000, "{" * 900_000, _TARGET + "    metric_relabel_configs:\n" +
                     f"      - {{ action: labeldrop, regex: '{COSTLY}' }}\n" * 300 + "    unknown: 1\n"):
            config.write_text(text)
            postern.process.send(signal.SIGHUP)
            end.wait(0.3)
    victim.under("costly configuration", Attack(reload))
    config.write_text(targets)


def attack_injector(stage):
    injector = stage.injector("--inject.image=registry.example/postern:1",
                              tls=stage.tls_folder(pair=stage.authority.issue("localhost")))
    port = injector.port

    def behave() -> str:
        try:
            return "" if injector.review(pod())["allowed"] else "a pod was refused"
        except (OSError, http.client.HTTPException, harness.Failure) as failure:
            return repr(failure)

    victim = Victim(stage, injector.process, injector.health_port, behave)
    victim.under("injector: nobody")
    for peer in ("pipelining", "key-updates", "handshakes"):
        victim.under(f"injector: {peer}", Program(stage, peer, port))
    victim.under("injector: idle", Attack(idle(port)))
    rules = "    metric_relabel_configs:\n" + f"      - {{ action: labeldrop, regex: '{COSTLY}' }}\n" * 5_000
    for name, text in {"costly rules": _TARGET + rules, "brackets": "[" * 1_000_000, "braces": "{" * 900_000,
                       "dashes": "- " * 450_000}.items():
        body = json.dumps(review_of({"kind": "ConfigMap", "metadata": {"name": "a"},
                                     "data": {"postern.yml": text}}))
        victim.under(f"injector: {name}", Attack(lambda _, body=body: injector.ask(body), 3))
    deep = json.dumps(review_of(pod())).replace('"oldObject": null', '"oldObject": ' + "[" * 1_000_000)
    victim.under("injector: deep review", Attack(lambda _: injector.ask(deep), 3))


def scenario(stage):
    attack_daemon(stage)
    attack_injector(stage)
    for log in stage.folder.glob("*/output.log"):
        said = log.read_text(errors="replace")
        check("Sanitizer" not in said and "runtime error" not in said, f"the sanitizers report nothing: {said[-4000:]}")


harness.run(scenario)
