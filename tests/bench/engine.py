#!/usr/bin/env python3
"""The throughput of the exposition engine on one core, compared with Go's expfmt and Prometheus in one run.

The page has 20 MB. postern's engine and expfmt alternate, round by round, and each ratio is the median of the
rounds' ratios. Speeds are per CPU time, user and system. expfmt has no relabeling and does not read
OpenMetrics: in the cases of the ten rules and of the conversion it reads and writes the text page. Debian's
Prometheus scrapes the same page over HTTP. Its figure is the CPU time of its process per scrape, minus its
CPU time without scrapes; it is only printed.

Exits with 1 if a ratio is below its floor. Debian packages: g++ libbenchmark-dev golang-go
golang-github-prometheus-common-dev prometheus python3
"""

import argparse
import functools
import http.server
import json
import os
import pathlib
import re
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
from harness import go  # noqa: E402
from harness.process import wait_for  # noqa: E402
from harness.services import Prometheus  # noqa: E402

MEGABYTE = 1_000_000
SIZE = 20 * MEGABYTE
# Name, the engine's benchmark, expfmt's work, the goal and the floor of the ratio.
CASES = [
    ("check every line", "large.prom/check", "read", None, None),
    ("check, add two labels", "large.prom/labels", "labels", 40, 30),
    ("check, ten relabel rules", "large.prom/rules", "copy", 12, 8),
    ("text to OpenMetrics", "large.prom/to_openmetrics", "copy", None, None),
    ("OpenMetrics to text", "large.om/to_text", "copy", 20, 20),
]


def engine_speed(program: pathlib.Path, folder: pathlib.Path, case: str, seconds: float) -> float:
    done = subprocess.run(
        [program, f"--benchmark_filter=^{case}$", f"--benchmark_min_time={seconds}",
         "--benchmark_format=json"], check=True, capture_output=True, text=True,
        env={**os.environ, "POSTERN_BENCH_PAGES": str(folder)})
    result = json.loads(done.stdout)["benchmarks"][0]
    if result.get("error_occurred"):
        raise RuntimeError(result["error_message"])
    return result["bytes_per_second"]


def expfmt_speed(program: pathlib.Path, folder: pathlib.Path, work: str, seconds: float) -> float:
    done = subprocess.run([program, work, folder / "large.prom", str(seconds)], check=True,
                          capture_output=True, text=True)
    return float(done.stdout)


def prometheus_speed(folder: pathlib.Path, scrapes: int) -> float:
    """Bytes that it scrapes per second of CPU time."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        extensions_map = {"": "text/plain; version=0.0.4"}

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    data = folder / "prometheus"
    data.mkdir()
    prometheus = Prometheus(data, (
        "- job_name: page\n  scrape_interval: 5s\n  metrics_path: /large.prom\n"
        f"  static_configs: [{{ targets: ['127.0.0.1:{server.server_port}'] }}]\n"))
    pid = prometheus._process.pid

    def cpu() -> float:
        return time.clock_gettime((~pid << 3) | 2)

    def count() -> int:
        found = prometheus.ask("query?query=count_over_time(up[10m])")["result"]
        return int(found[0]["value"][1]) if found else 0

    try:
        wait_for(lambda: count() >= 1, "Prometheus scrapes", 60)
        first, before = count(), cpu()
        wait_for(lambda: count() >= first + scrapes, "Prometheus scrapes again", 60 + 10 * scrapes)
        return (count() - first) * SIZE / (cpu() - before)
    finally:
        prometheus.stop()
        server.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build-test",
                        help="folder with tests/bench_engine (default: build-test/)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each program in a round")
    parser.add_argument("--without-prometheus", action="store_true")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-engine-"))
    try:
        text = pages.cluster_page(SIZE)
        (folder / "large.prom").write_text(text)
        (folder / "large.om").write_text(
            re.sub(r"^(# (?:HELP|TYPE) \w+)_total ", r"\1 ", text, flags=re.MULTILINE) + "# EOF\n")
        expfmt = go.build(HERE / "expfmt" / "main.go", folder)
        engine = options.build.resolve() / "tests" / "bench_engine"
        met = True
        print(f"{'':28} {'expfmt':>12} {'postern':>12} {'ratio':>8}   goal  floor")
        results = {case[0]: [] for case in CASES}
        for number in range(options.rounds):
            for what, case, work, _, _ in CASES:
                runs = [lambda: engine_speed(engine, folder, case, options.seconds),
                        lambda: expfmt_speed(expfmt, folder, work, options.seconds)]
                if number % 2:
                    theirs, ours = runs[1](), runs[0]()
                else:
                    ours, theirs = runs[0](), runs[1]()
                results[what].append((ours, theirs))
        for what, _, _, goal, floor in CASES:
            ratio = statistics.median(ours / theirs for ours, theirs in results[what])
            ours, theirs = (statistics.median(speeds) for speeds in zip(*results[what]))
            words = ""
            if goal:
                reached = ratio >= goal
                words = f"{goal:5} {floor:6}  " + (
                    "ok" if reached else "below the goal" if ratio >= floor else "MISSED")
                met = met and ratio >= floor
            print(f"{what:28} {theirs / MEGABYTE:7.0f} MB/s {ours / MEGABYTE:7.0f} MB/s "
                  f"{ratio:8.1f}  {words}", flush=True)
        if not options.without_prometheus:
            speed = prometheus_speed(folder, 4)
            print(f"{'Prometheus, one scrape':28} {speed / MEGABYTE:7.0f} MB/s")
        return 0 if met else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
