#!/usr/bin/env python3
"""The cost of one scrape of a target with 1,000 pages, compared with wrk, which fetches the same pages.

wrk is the fastest possible client: it parses only the framing. The engine's time for reading and merging the
pages (bench_engine) is added to it. postern is the whole program with one change: bench_fan_out has more
pages than a configuration may have. Both fetch from one nginx through TLS 1.3 with AES-256-GCM, over the same
number of persistent connections. wrk has no client certificate, so it uses a listener that requests none; the
certificate matters only in handshakes, which are not measured. wrk has one thread, and its requests are
prepared in advance.

Prints a table: CPU ms, user and system, of one scrape or of 1,000 fetches. Exits with 1 if postern uses more
than 1.3 times as much, or more than 8 threads, or if an answer was not the whole page. The rounds are
interleaved; the ratio is the median of the rounds' ratios.

Debian packages: g++ libbenchmark-dev nginx-light openssl python3 wrk
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import pages  # noqa: E402
import servers  # noqa: E402
from harness.process import Failure, check, wait_for  # noqa: E402

COUNT = 1000  # pages, as in fan_out.cpp
SIZES = (20_000, 2_000)  # bytes of each
CONNECTIONS = 32  # as many as postern keeps, ConnectionPool::kMostIdle
RATIO_GOAL = 1.3
THREADS_GOAL = 8
SCRAPES = 5  # per round; wrk runs for at least WRK_SECONDS
WRK_SECONDS = 2
SCRIPT = """
local requests, last = {}, 0
function init()
  for number = 1, %d do requests[number] = wrk.format("GET", "/metrics/%s-" .. number) end
end
function request()
  last = last %% #requests + 1
  return requests[last]
end
"""


class MostThreads:
    """The maximum number of threads of a server within `with`."""

    def __init__(self, server):
        self.most = 0
        self._server, self._end = server, threading.Event()
        self._sampler = threading.Thread(target=self._sample)

    def _sample(self):
        while not self._end.wait(0.005):
            self.most = max(self.most, self._server.threads())

    def __enter__(self):
        self._sampler.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._sampler.join()


def cpu_seconds(pid: int) -> float:
    return time.clock_gettime((~pid << 3) | 2)  # as in servers.py


class Bench:
    """Owns the servers, in a temporary folder. A target is named after the size of its pages."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path):
        self.folder, self.build = folder, build
        self._started = []
        self.threads_at_first = 0  # during the scrapes that open the connections

    def start(self):
        folder = self.folder
        certificates = folder / "certificates"
        subprocess.run([HERE.parents[1] / "certs" / "make.sh", certificates, "127.0.0.1"], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(["c++", "-std=c++20", "-O2", "-o", folder / "load", HERE / "load.cpp"],
                       check=True)
        names = {size: [f"{size}-{number + 1}" for number in range(COUNT)] for size in SIZES}
        for size in SIZES:
            self._make_pages(size, names[size])
        self.upstream = self._start(servers.GuardedUpstream, "upstream", certificates, folder / "www",
                                    "keepalive_requests 1000000; keepalive_timeout 1h;")
        self.postern = {
            size: self._start(servers.Postern, f"postern-{size}", self.build / "tests/bench_fan_out",
                              certificates, self.upstream, [str(size)],
                              {str(size): "    merge_limit: 64MiB\n"}) for size in SIZES}
        for size in SIZES:
            self._check_page(size)

    def _start(self, kind, name: str, *arguments):
        (self.folder / name).mkdir()
        self._started.append(kind(self.folder / name, *arguments))
        return self._started[-1]

    def _make_pages(self, size: int, names: list[str]):
        root = self.folder / "www" / "metrics"
        root.mkdir(parents=True, exist_ok=True)
        folder = self.folder / f"pages-{size}"  # for bench_engine
        folder.mkdir()
        for name in names:
            (root / name).write_text(pages.pod_page(size, name))
            (folder / name).hardlink_to(root / name)
        (self.folder / f"{size}.lua").write_text(SCRIPT % (COUNT, size))

    def _check_page(self, size: int):
        """Checks the merged page once, and keeps it to compare each answer with."""
        with MostThreads(self.postern[size]) as threads:
            body = self.postern[size].get(f"/metrics/{size}")
        self.threads_at_first = max(self.threads_at_first, threads.most)
        samples = [line for line in body.splitlines() if not line.startswith(b"#")]
        read = sum(not line.startswith("#") for page in (self.folder / f"pages-{size}").iterdir()
                   for line in page.read_text().splitlines())
        check(len(samples) == read + COUNT, f"{len(samples)} samples are {read} and one of each page")
        check(body.count(b"postern_page_up{") == body.count(b'"} 1\n') >= COUNT, "all pages are up")
        (self.folder / f"expected-{size}").write_bytes(body)

    def scrape(self, size: int) -> tuple[float, int]:
        """CPU seconds of a scrape, and the maximum number of threads."""
        server = self.postern[size]
        before = self.upstream.requests()
        cpu = server.cpu_seconds()
        with MostThreads(server) as threads:
            load = subprocess.run([self.folder / "load", str(server.port), str(SCRAPES),
                                   self.folder / f"expected-{size}", f"/metrics/{size}"],
                                  capture_output=True, text=True)
        check(load.returncode == 0, f"postern answered with the page: {load.stderr}")
        seen = self.upstream.requests() - before - 1  # this request itself
        check(seen == SCRAPES * COUNT, f"each scrape fetches each page once: {seen}")
        return (server.cpu_seconds() - cpu) / SCRAPES, threads.most

    def wrk(self, size: int) -> float:
        """CPU seconds of the fetches of one scrape, once connected."""
        url = f"https://127.0.0.1:{self.upstream.open_port}"
        before = self.upstream.requests()
        process = subprocess.Popen(
            ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration",
             f"{WRK_SECONDS + 2}s", "--header", f"Authorization: Bearer {servers.TOKEN}", "--script",
             self.folder / f"{size}.lua", url], stdout=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: self.upstream.requests() > before + COUNT, "wrk has its connections")
            fetched, cpu = self.upstream.requests(), cpu_seconds(process.pid)
            time.sleep(WRK_SECONDS)  # the time that is measured
            cpu, fetched = cpu_seconds(process.pid) - cpu, self.upstream.requests() - fetched - 1
        finally:
            output = process.communicate()[0]
        check(process.returncode == 0 and "Non-2xx" not in output and "Socket errors" not in output,
              f"wrk gets its pages: {output}")
        return cpu / fetched * COUNT

    def engine(self, size: int) -> float:
        """CPU seconds of reading and merging the pages."""
        done = subprocess.run([self.build / "tests" / "bench_engine", "--benchmark_format=json"],
                              env={**os.environ, "POSTERN_BENCH_MERGE": self.folder / f"pages-{size}"},
                              check=True, capture_output=True, text=True)
        (case,) = json.loads(done.stdout)["benchmarks"]
        check(not case.get("error_occurred"), f"the engine merges the pages: {case}")
        return case["cpu_time"] / 1e3

    def close(self):
        for server in reversed(self._started):
            server.stop()


def run(bench: Bench, rounds: int) -> bool:
    results = {size: [] for size in SIZES}
    most_threads = 0
    for _ in range(rounds):
        for size in SIZES:
            wrk, engine = bench.wrk(size), bench.engine(size)
            postern, threads = bench.scrape(size)
            most_threads = max(most_threads, threads)
            results[size].append((wrk, engine, postern))
    met = True
    print(f"{'CPU ms':24} {'wrk':>8} {'merge':>8} {'postern':>8} {'ratio':>6}")
    for size, rows in results.items():
        wrk, engine, postern = (statistics.median(column) * 1e3 for column in zip(*rows))
        ratio = statistics.median(row[2] / (row[0] + row[1]) for row in rows)
        met = met and ratio <= RATIO_GOAL
        print(f"{COUNT} pages of {size:6} bytes {wrk:8.1f} {engine:8.1f} {postern:8.1f} {ratio:6.2f}  "
              f"<= {RATIO_GOAL} {'ok' if ratio <= RATIO_GOAL else 'MISSED'}")
    print(f"threads: {most_threads} <= {THREADS_GOAL} {'ok' if most_threads <= THREADS_GOAL else 'MISSED'}")
    print(f"threads of the first scrape, which makes the connections: {bench.threads_at_first}")
    return met and most_threads <= THREADS_GOAL


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build-test",
                        help="folder with tests/bench_fan_out and tests/bench_engine (default:"
                        " build-test/)")
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench-"))
    bench = Bench(folder, options.build.resolve())
    try:
        bench.start()
        return 0 if run(bench, options.rounds) else 1
    except (Failure, subprocess.CalledProcessError) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
