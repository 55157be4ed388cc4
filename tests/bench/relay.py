#!/usr/bin/env python3
"""The cost of postern, compared with nginx as a relay in one run.

Both relay from the same guarded upstream: nginx with TLS 1.3 AES-256-GCM that requires a client certificate
and checks a bearer token. The relay nginx has keep-alive and TLS session reuse to the upstream, and otherwise
its defaults. It copies, while postern reads and checks every line. Eight connections request eight targets,
so that no request is shared. Of a page where only values changed since the last scrape, postern reads only
the values; the rows "read in full" are of a postern without page templates. Each large page has its own
postern, as a sidecar has one target.

Prints a table. Exits with 1 if a floor is missed, if an answer was not the whole page, or if upstream
requests and scrapes differ in number. CPU time is that of the relay's process, user and system; a GB is one
of the guarded page. The rounds are interleaved, and a ratio is the median of the rounds' ratios: on a noisy
machine it is steadier than the times beside it.

Debian packages: g++ nginx-light openssl python3
"""

import argparse
import dataclasses
import gzip
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
import servers  # noqa: E402
from harness.process import Failure, check  # noqa: E402

MEGABYTE = 1_000_000
SMALL = [f"small-{number}" for number in range(8)]
ANEW = [f"anew-{number}" for number in range(8)]  # small, and read in full each time
LARGE = "large"
LABELLED = "labelled"  # the large page with two labels
RULED = "ruled"  # and with ten rules
HUGE = "huge"
LABELS = {"cluster": "eu-1", "region": "north"}
# As in kube-prometheus and others: drop families and series; copy, rename, lowercase, drop and set labels.
# engine.cpp has the same rules.
RULES = r"""    metric_relabel_configs:
      - { source_labels: [__name__], regex: "[a-z].*", action: keep }
      - { source_labels: [__name__], regex: "go_.*|process_.*", action: drop }
      - { source_labels: [__name__], regex: "etcd_(debugging|disk|server).*", action: drop }
      - { source_labels: [__name__, namespace], regex: "container_(fs|spec)_.*;kube-.*", action: drop }
      - { source_labels: [namespace, container], regex: "kube-system;POD", action: drop }
      - { source_labels: [namespace], regex: "team-(.*)", target_label: team }
      - { regex: "uid", action: labeldrop }
      - { regex: "(node)", action: labelmap, replacement: "host_$1" }
      - { source_labels: [container], target_label: container, action: lowercase }
      - { target_label: cluster, replacement: "eu-1" }
"""


@dataclasses.dataclass
class Case:
    """`requests` on each connection, in each round; one connection for each target."""
    what: str  # indented: of the page of the row before
    targets: list[str]
    page: str  # the name of its file
    requests: int
    per: str  # the unit of CPU time: per "request" or per "GB"
    goal: float | None  # postern's CPU time divided by nginx's
    floor: float | None  # beyond this the run fails
    gzip: bool = False
    templates: bool = True  # false: each page is read without a template


CASES = [
    Case("20 KB page, 1 connection", SMALL[:1], SMALL[0], 2000, "request", 0.9, 1.1),
    Case("20 KB page, 8 connections", SMALL, SMALL[0], 500, "request", 0.75, 1.1),
    Case("  read in full", ANEW, SMALL[0], 500, "request", 0.95, 1.3, templates=False),
    Case("20 MB page, 1 connection", [LARGE], LARGE, 5, "GB", 0.7, 1.0),
    Case("  read in full", [LARGE], LARGE, 5, "GB", 1.2, 1.6, templates=False),
    Case("20 MB page, two labels", [LABELLED], LABELLED, 5, "GB", 0.85, 1.05),
    Case("  read in full", [LABELLED], LABELLED, 5, "GB", 1.4, 1.8, templates=False),
    Case("20 MB page, ten rules", [RULED], RULED, 5, "GB", 1.2, 1.5),
    Case("  read in full", [RULED], RULED, 5, "GB", 2.2, 2.6, templates=False),
    Case("20 MB page, gzip level 1", [LARGE], LARGE, 2, "GB", None, None, gzip=True),
]
PLAIN, ZIPPED = CASES[3], CASES[-1]
# The cost that gzip adds to a scrape, as both relays otherwise do the same work; four times the speed.
GZIP = Case("gzip level 1 alone", [], LARGE, 0, "GB", 0.25, 0.25)
IDLE_GOAL = 5  # MB of anonymous memory
HUGE_GOAL = 12
START_GOAL = 30  # ms from the start to the first answer of /-/ready


@dataclasses.dataclass
class Run:
    cpu: float  # µs per request, or s per GB
    p50: float  # µs


class Bench:
    """Owns a temporary folder and its servers."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self._started = []
        self.scrapes = 0  # since count_from_here()
        self._counted_before = 0

    def start(self, build: pathlib.Path):
        folder = self.folder
        certificates = folder / "certificates"
        subprocess.run([HERE.parents[1] / "certs" / "make.sh", certificates, "127.0.0.1"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["c++", "-std=c++20", "-O2", "-o", folder / "load", HERE / "load.cpp"],
                       check=True)
        self._make_pages()
        self.upstream = self._start(servers.GuardedUpstream, "upstream", certificates,
                                    folder / "www")
        self.nginx = self._start(servers.RelayNginx, "nginx", certificates, self.upstream)
        self.zipping = self._start(servers.RelayNginx, "zipping-nginx", certificates, self.upstream,
                                   "gzip on; gzip_comp_level 1; gzip_types text/plain;"
                                   " gzip_proxied any;")
        labels = ", ".join(f"{name}: {value}" for name, value in LABELS.items())
        settings = {LABELLED: f"    labels: {{ {labels} }}", RULED: RULES}

        def postern(name: str, targets: list[str], *flags: str):
            return self._start(servers.Postern, name, build / "postern", certificates, self.upstream,
                               targets, {each: settings[each] for each in targets if each in settings},
                               flags)

        self.postern = postern("postern", [*SMALL, HUGE])
        self.of_large = {page: postern(f"postern-{page}", [page]) for page in (LARGE, LABELLED, RULED)}
        self.reading = postern("reading", [*ANEW, LARGE, LABELLED, RULED], "--page-template-limit=0")
        self.sidecar = postern("sidecar", SMALL[:1])
        self._check_pages()

    def _start(self, kind, name: str, *arguments):
        folder = self.folder / name
        folder.mkdir()
        server = kind(folder, *arguments)
        self._started.append(server)
        return server

    def _make_pages(self):
        root = self.folder / "www" / "metrics"
        root.mkdir(parents=True)
        for name in SMALL + ANEW:
            (root / name).write_text(pages.node_page(20_000))
        (root / LARGE).write_text(pages.cluster_page(20 * MEGABYTE))
        for name in (LABELLED, RULED):
            (root / name).hardlink_to(root / LARGE)
        (root / HUGE).write_text(pages.cluster_page(100 * MEGABYTE))

    def page(self, name: str) -> pathlib.Path:
        return self.folder / "www" / "metrics" / name

    def _expected(self, server, name: str) -> pathlib.Path:
        """The page that this server must send."""
        changed = self.folder / f"expected-{name}"
        relays = server in (self.nginx, self.zipping)
        return self.page(name) if relays or not changed.exists() else changed

    def _check_pages(self):
        """Checks the changed pages once, and keeps them to compare each answer with."""
        labels = ",".join(f'{name}="{value}"' for name, value in LABELS.items())
        text = self.page(LARGE).read_text()
        labelled = re.sub(r"^([a-z_]+){", rf"\1{{{labels},", text, flags=re.MULTILINE)
        (self.folder / f"expected-{LABELLED}").write_text(labelled)
        ruled = self.of_large[RULED].get(f"/metrics/{RULED}").decode()
        samples = [line for line in ruled.splitlines() if not line.startswith("#")]
        check(len(samples) == sum(not line.startswith("#") for line in text.splitlines()),
              "the rules keep every sample")
        check(all('cluster="eu-1"' in line and 'uid="' not in line for line in samples),
              "the rules are applied to every sample")
        (self.folder / f"expected-{RULED}").write_text(ruled)
        for server in (self.of_large[LARGE], self.zipping):
            body = server.get(f"/metrics/{LARGE}", gzip=True)
            check(len(body) < len(text) / 4 and gzip.decompress(body).decode() == text,
                  f"{server.name} compresses the page")

    def load(self, server, page: str, targets: list[str], requests: int,
             zipped: bool = False) -> tuple[int, int, float]:
        """Scrapes; returns the number of answers, the bytes of guarded pages, and the median latency in µs.
        Fails if an answer is incomplete."""
        expected = "gzip" if zipped else self._expected(server, page)
        done = subprocess.run(
            [self.folder / "load", str(server.port), str(requests), expected,
             *(f"/metrics/{target}" for target in targets)], capture_output=True, text=True)
        check(done.returncode == 0, f"{server.name} answers with the page: {done.stderr}")
        answers, _, p50 = done.stdout.split()
        check(int(answers) == requests * len(targets), "each request has its answer")
        self.scrapes += int(answers)
        return int(answers), int(answers) * self.page(page).stat().st_size, float(p50)

    def run(self, server, case: Case) -> Run:
        before = server.cpu_seconds()
        answers, size, p50 = self.load(server, case.page, case.targets, case.requests,
                                       case.gzip)
        cpu = server.cpu_seconds() - before
        return Run(cpu * 1e6 / answers if case.per == "request" else cpu * 1e9 / size, p50)

    def largest_anonymous_bytes(self, server, name: str) -> int:
        """Sampled during the transfer of the page."""
        largest = server.anonymous_bytes()
        passed = threading.Event()

        def sample():
            nonlocal largest
            while not passed.wait(0.001):
                largest = max(largest, server.anonymous_bytes())

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            self.load(server, name, [name], 2)
        finally:
            passed.set()
            sampler.join()
        return largest

    def pair(self, case: Case) -> list:
        """nginx and postern for this case."""
        postern = self.of_large.get(case.page, self.postern) if case.templates else self.reading
        return [self.zipping if case.gzip else self.nginx, postern]

    def idle_anonymous_bytes(self) -> int:
        """After the pause in which postern returns memory."""
        deadline = time.monotonic() + 20
        while (size := self.of_large[LARGE].anonymous_bytes()) > IDLE_GOAL * MEGABYTE:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return size

    def count_from_here(self):
        self.scrapes = 0
        self._counted_before = self.upstream.requests()

    def check_count(self):
        """No scrape was shared, answered from a cache, or requested twice."""
        seen = self.upstream.requests() - self._counted_before - 1  # this request itself
        check(seen == self.scrapes, f"{self.scrapes} scrapes are as many requests upstream: {seen}")

    def close(self):
        for server in reversed(self._started):
            server.stop()


def measure_small(bench: Bench, rounds: int) -> bool:
    """Only the small pages."""
    small = [case for case in CASES if case.per == "request"]
    results = measure(bench, rounds, small)
    print_head()
    met = [report(case, result) for case, result in zip(small, results)]
    return all(met) and report_start(bench, rounds)


def measure(bench: Bench, rounds: int, cases: list[Case]) -> list[list[tuple[Run, Run]]]:
    """Maps each case to its rounds; a round has the runs of nginx and postern."""
    for case in cases:
        for server in bench.pair(case):
            bench.load(server, case.page, case.targets, 2, case.gzip)  # connects, and logs in
    bench.count_from_here()
    results = [[] for _ in cases]
    for number in range(rounds):
        for case, result in zip(cases, results):
            order = bench.pair(case)
            if number % 2:
                order.reverse()
            runs = {server: bench.run(server, case) for server in order}
            nginx, postern = bench.pair(case)
            result.append((runs[nginx], runs[postern]))
    bench.check_count()
    return results


def print_head():
    print(f"{'':26} {'':19} {'nginx':>9} {'postern':>9} {'ratio':>6}     goal")


def verdict(value: float, goal: float | None, floor: float | None) -> str:
    if goal is None:
        return ""
    words = "ok" if value <= goal else "beyond the goal" if value <= floor else "MISSED"
    return f"<= {goal:5.2f}  {words}"


def report(case: Case, rounds: list[tuple[Run, Run]]) -> bool:
    """Prints the rows of a case; true if its floor is met."""
    ratio = statistics.median(postern.cpu / nginx.cpu for nginx, postern in rounds)
    cpu = [statistics.median(run.cpu for run in runs) for runs in zip(*rounds)]
    p50 = [statistics.median(run.p50 for run in runs) for runs in zip(*rounds)]
    unit = "CPU µs per request" if case.per == "request" else "CPU s per GB"
    print(f"{case.what:26} {unit:19} {cpu[0]:9.3g} {cpu[1]:9.3g} {ratio:6.2f}  "
          f"{verdict(ratio, case.goal, case.floor)}")
    if p50[0]:
        print(f"{'':26} {'p50 latency, µs':19} {p50[0]:9.0f} {p50[1]:9.0f} {p50[1] / p50[0]:6.2f}")
    return case.floor is None or ratio <= case.floor


def report_memory(what: str, taken: int, goal: int) -> bool:
    megabytes = taken / MEGABYTE
    print(f"{what:26} {'RssAnon, MB':19} {'':9} {megabytes:9.2f} {'':6}  "
          f"{verdict(megabytes, goal, goal)}")
    return megabytes <= goal


def report_start(bench: Bench, rounds: int) -> bool:
    """Of a sidecar, which has one target."""
    times = [(bench.nginx.restart_millis(), bench.sidecar.restart_millis()) for _ in range(rounds)]
    nginx, postern = map(statistics.median, zip(*times))
    print(f"{'start to first answer':26} {'ms':19} {nginx:9.1f} {postern:9.1f} {postern / nginx:6.2f}  "
          f"{verdict(postern, START_GOAL, START_GOAL)}")
    return postern <= START_GOAL


def bench_all(bench: Bench, rounds: int) -> bool:
    idle = bench.idle_anonymous_bytes()
    results = measure(bench, rounds, CASES)
    bench.count_from_here()
    huge = bench.largest_anonymous_bytes(bench.postern, HUGE)
    bench.scrapes += 1  # the login of this target
    bench.check_count()
    print_head()
    met = [report(case, result) for case, result in zip(CASES, results)]
    added = [tuple(Run(zipped.cpu - plain.cpu, 0) for zipped, plain in zip(*pair))
             for pair in zip(results[CASES.index(ZIPPED)], results[CASES.index(PLAIN)])]
    met.append(report(GZIP, added))
    met.append(report_memory("idle, after 20 MB pages", idle, IDLE_GOAL))
    met.append(report_memory("during a 100 MB page", huge, HUGE_GOAL))
    met.append(report_start(bench, rounds))
    return all(met)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build",
                        help="folder with the program postern (default: build/)")
    parser.add_argument("--rounds", type=int, default=11, help="of each case (default: 11)")
    parser.add_argument("--quick", action="store_true", help="three rounds")
    parser.add_argument("--small", action="store_true", help="only the small pages")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench-"))
    bench = Bench(folder)
    try:
        bench.start(options.build.resolve())
        run = measure_small if options.small else bench_all
        return 0 if run(bench, 3 if options.quick else options.rounds) else 1
    except (Failure, subprocess.CalledProcessError) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
