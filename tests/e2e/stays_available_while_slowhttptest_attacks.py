"""A thousand clients of slowhttptest send heads or bodies slowly, request overlapping ranges or read slowly:
health and page answer meanwhile, and afterwards no connection is left."""

import re
import resource
import subprocess
import threading
import time

import harness
from harness import check, wait_for

_CLIENTS = 1000
_SECONDS = 12
_ATTACKS = {
    "slow heads": ["-H", "-i", "3", "-t", "GET", "-x", "24"],
    "slow bodies": ["-B", "-i", "3", "-s", "8192", "-t", "POST", "-x", "10"],
    "ranges": ["-R", "-t", "HEAD", "-a", "10", "-b", "3000"],
    "slow readers": ["-X", "-w", "1", "-y", "16", "-n", "3", "-z", "32", "-k", "3"],
}


class _Watch:
    """Requests health and page until stop()."""

    def __init__(self, postern):
        self._end = threading.Event()
        self.answers, self.wrong = 0, []
        self.slowest = 0.0  # seconds
        self._thread = threading.Thread(target=self._ask, args=(postern,))
        self._thread.start()

    def _ask(self, postern):
        while not self._end.wait(0.05):
            for path in ("/-/healthy", "/metrics"):
                asked = time.monotonic()
                try:
                    answer = postern.get(path)
                    if answer.status != 200 or not answer.whole:
                        self.wrong.append(f"{path}: {answer.status} {answer.body[:200]}")
                except OSError as failure:
                    self.wrong.append(f"{path}: {failure}")
                self.answers += 1
                self.slowest = max(self.slowest, time.monotonic() - asked)

    def stop(self):
        self._end.set()
        self._thread.join()


def scenario(stage):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    whatsapp = stage.whatsapp()
    # Half of the default, so that slow clients reach it.
    postern = stage.postern("--web.header-timeout=5s",
                            config="targets:\n" + stage.plain_target(whatsapp))
    check(postern.scrape().status == 200, "the page is served")
    for name, flags in _ATTACKS.items():
        watch = _Watch(postern)
        try:
            done = subprocess.run(
                ["slowhttptest", *flags, "-c", str(_CLIENTS), "-r", "500", "-l", str(_SECONDS),
                 "-p", "3", "-u", f"http://127.0.0.1:{postern.port}/metrics"],
                capture_output=True, text=True, timeout=_SECONDS * 5)
        finally:
            watch.stop()
        check(not watch.wrong, f"{name}: {len(watch.wrong)} of {watch.answers} are wrong, such as "
                               f"{watch.wrong[:2]}")
        check(watch.slowest < 5, f"{name}: the slowest answer took {watch.slowest:.1f} s")
        check(watch.answers >= 40, f"{name}: asked {watch.answers} times")
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        found = re.findall(r"service available:\s+(\w+)", said)
        check(found and set(found) == {"YES"},
              f"{name}: slowhttptest finds it available: {said[-400:]}{done.stderr[-200:]}")
    wait_for(lambda: postern.own_metrics().value("postern_http_connections") <= 1,
             "no connection is left", 20)


harness.run(scenario)
