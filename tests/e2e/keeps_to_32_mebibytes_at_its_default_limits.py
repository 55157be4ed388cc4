"""32 MiB of memory (cgroup) suffice at the default limits, with as many large pages at once as these allow.
One target streams, and the four pages of another are merged, in every format."""

import http.client
import os
import pathlib
import re
import threading

import harness
from harness import check

LIMIT = 32 << 20
SCRAPERS = 4  # for each target and format; two fetches of one target run at a time
ROUNDS = 2
MERGED = ("[{ path: /metrics, format: text, params: { format: [prometheus] } },"
          " { path: /v1/stats/app, format: whatsapp_json }]")
FORMS = ({}, {"Accept-Encoding": "gzip"}, {"Accept": "application/openmetrics-text;version=1.0.0"})


class Group:
    """A cgroup (version 1 or 2) with this memory limit; processes started within `with` are in it."""

    ROOT = pathlib.Path("/sys/fs/cgroup")

    def __init__(self, limit: int):
        first = (self.ROOT / "memory").is_dir()
        root = self.ROOT / "memory" if first else self.ROOT
        line = r"^\d+:memory:/(.*)$" if first else r"^0::/(.*)$"
        ours = re.search(line, pathlib.Path("/proc/self/cgroup").read_text(), re.MULTILINE)[1]
        self._before = root / ours / "cgroup.procs"
        self._folder = root / f"postern-e2e-{os.getpid()}"
        if not first:
            (root / "cgroup.subtree_control").write_text("+memory")
        self._folder.mkdir()
        (self._folder / ("memory.limit_in_bytes" if first else "memory.max")).write_text(str(limit))
        self._peak = self._folder / ("memory.max_usage_in_bytes" if first else "memory.peak")

    def __enter__(self):
        (self._folder / "cgroup.procs").write_text(str(os.getpid()))
        return self

    def __exit__(self, *_):
        self._before.write_text(str(os.getpid()))

    def peak(self) -> int:
        return int(self._peak.read_text())

    def stop(self):
        self._folder.rmdir()


def anonymous_peak(pid, ended):
    largest = 0
    while not ended.wait(0.002):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        largest = max(largest, int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)[1]) << 10)
    return largest


def drain(port, target, form):
    """The reason phrase of the answer, or that it is incomplete; discards the page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", f"/metrics/{target}", headers=form)
    answer = connection.getresponse()
    try:
        while answer.read(1 << 20):
            pass
    except http.client.IncompleteRead:
        return "not whole"
    return answer.reason


def scenario(stage):
    whatsapp = stage.whatsapp()
    group = Group(LIMIT)
    stage.owns(group)
    with group:
        postern = stage.postern(
            config="targets:\n" +
            stage.plain_target(whatsapp, name="streams", scrape_timeout="2m") +
            stage.plain_target(whatsapp, name="merged", scrape_timeout="2m", pages=MERGED))
    for name in ("streams", "merged"):
        check(postern.scrape(name).status == 200, "a complete small page")

    def at_once(target, megabytes):
        whatsapp.provoke("/metrics", megabytes=megabytes)
        ended = threading.Event()
        peak = harness.in_background(lambda: anonymous_peak(postern.process.pid, ended))
        good = 0
        for _ in range(ROUNDS):
            scrapes = [harness.in_background(lambda form=form: drain(postern.port, target, form))
                       for form in FORMS for _ in range(SCRAPERS)]
            good += [scrape.result() for scrape in scrapes].count("OK")
        ended.set()
        check(postern.process.running(), "the daemon lives")
        print(f"{target}: {good} of {ROUNDS * SCRAPERS * len(FORMS)} good, RssAnon at most "
              f"{peak.result() / 1e6:.1f} MB, the group {group.peak() / 1e6:.1f} MB", flush=True)
        check(good == ROUNDS * SCRAPERS * len(FORMS), "every scrape gets its page")

    at_once("streams", 30)
    # Finished pages stay while their scrapers read them, in addition to the two pages in progress.
    at_once("merged", 5)


harness.run(scenario)
