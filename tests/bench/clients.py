#!/usr/bin/env python3
"""Ten thousand idle or slow clients, and their effect on the others.

First, that many connections send one request and then stay idle. After they are closed, as many clients send
an endless request head line by line, and reconnect when disconnected. Meanwhile one probe requests the health
of postern, and one scraper a small page that postern fetches through mutual TLS. The same runs against nginx
as a relay of the same page, and against another build of postern if --peer names it.

Prints a table: the median, the 99th percentile and the maximum response time of each, memory, CPU time and
threads. Exits with 1 if postern misses a goal, or if an answer was wrong.

Debian packages: nginx-light openssl python3
"""

import argparse
import dataclasses
import multiprocessing
import pathlib
import resource
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import pages  # noqa: E402
import servers  # noqa: E402
from harness.process import Failure, check, wait_for  # noqa: E402

PROBE_GOAL = 5.0  # ms at the 99th percentile
SCRAPE_GOAL = 50.0
MEMORY_GOAL = 48  # MB
THREADS_GOAL = 32
PAUSE = 0.02  # s between two requests of one client
LINE = b"X-Slow: 1\r\n"
LINES_EACH = 3  # seconds


@dataclasses.dataclass
class Seen:
    """Results of a client: ms of each answer, and the first error."""
    times: list[float]
    wrong: str

    def quantile(self, share: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclasses.dataclass
class Watched:
    """Measurements of one server while the clients were connected."""
    probe: Seen
    scrape: Seen
    resident: int  # bytes at the end, as is `anonymous`
    anonymous: int
    cpu: float  # seconds, including the connects
    threads: int

    def meets_goals(self) -> bool:
        return (self.probe.quantile(0.99) < PROBE_GOAL and self.scrape.quantile(0.99) < SCRAPE_GOAL
                and self.resident <= MEMORY_GOAL * 1e6 and self.threads <= THREADS_GOAL)


class Asker:
    """Repeats one request on one connection, in a separate process."""

    def __init__(self, port: int, path: str, size: int):
        self._end = multiprocessing.Event()
        self._answer, answer = multiprocessing.Pipe(False)
        self._process = multiprocessing.Process(target=self._ask, args=(port, path, size, answer))
        self._process.start()

    def _ask(self, port: int, path: str, size: int, answer):
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        times, wrong = [], ""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            while not self._end.wait(PAUSE) and not wrong:
                began = time.perf_counter()
                connection.sendall(request)
                wrong = self._read(connection, size)
                times.append((time.perf_counter() - began) * 1000)
        answer.send(Seen(times, wrong))

    @staticmethod
    def _read(connection: socket.socket, size: int) -> str:
        """The error of the answer. Expects at least `size` bytes of body, by length or in chunks."""
        text = b""
        while True:
            try:
                block = connection.recv(65536)
            except OSError as failure:
                return str(failure)
            text += block
            head, found, body = text.partition(b"\r\n\r\n")
            if not block:
                return f"the connection was closed after {len(text)} bytes"
            if found and not head.startswith(b"HTTP/1.1 200 "):
                return text.decode(errors="replace")
            if found and len(body) >= size and (b"chunked" not in head or body.endswith(b"0\r\n\r\n")):
                return ""

    def stop(self) -> Seen:
        self._end.set()
        seen = self._answer.recv()
        self._process.join()
        return seen


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def hold_idle(port: int, path: str, count: int, seconds: float):
    """Opens connections, gets one answer on each, and leaves them open."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    connections = []
    for _ in range(count):
        connection = connect(port)
        connection.sendall(request)
        check(connection.recv(4096).startswith(b"HTTP/1.1 200 "), "an idle client was answered")
        connections.append(connection)
    time.sleep(seconds)  # the time for which the others are measured
    return connections


def hold_slow(port: int, _: str, count: int, seconds: float):
    """Keeps as many connections with a partial head, which grows by a line every few seconds."""
    connections = []
    arrived = selectors.DefaultSelector()

    def come():
        connection = connect(port)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        connection.setblocking(False)
        arrived.register(connection, selectors.EVENT_READ)
        connections.append([connection, time.monotonic()])

    for _ in range(count):
        come()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        gone = {key.fileobj for key, _ in arrived.select(0)}
        now = time.monotonic()
        for place in connections:
            connection, since = place
            if connection not in gone and now - since > LINES_EACH:
                place[1] = now
                try:
                    connection.send(LINE)
                except OSError:
                    gone.add(connection)
        if gone:
            connections = [place for place in connections if place[0] not in gone]
            for connection in gone:
                arrived.unregister(connection)
                connection.close()
                come()
        time.sleep(0.05)
    return [connection for connection, _ in connections]


def watch(server, hold, count: int, seconds: float, probe: str, page: str, size: int) -> Watched:
    cpu = server.cpu_seconds()
    askers = [Asker(server.port, probe, 0), Asker(server.port, page, size)]
    connections = hold(server.port, probe, count, seconds)
    check(len(connections) == count, f"{count} connections are open")
    seen = [asker.stop() for asker in askers]
    watched = Watched(*seen, server.resident_bytes(), server.anonymous_bytes(),
                      server.cpu_seconds() - cpu, server.threads())
    for connection in connections:
        connection.close()
    for one, path in zip(seen, (probe, page)):
        check(not one.wrong, f"{server.name} answers {path}: {one.wrong}")
        check(len(one.times) >= 100, f"{server.name} was asked {len(one.times)} times for {path}")
    return watched


def report(what: str, name: str, watched: Watched):
    for question, seen in (("probe", watched.probe), ("scrape", watched.scrape)):
        print(f"{what:12} {name:8} {question:7} {len(seen.times):5} answers   p50 "
              f"{seen.quantile(0.5):7.2f} ms   p99 {seen.quantile(0.99):7.2f} ms   longest "
              f"{max(seen.times):7.2f} ms")
    print(f"{what:12} {name:8} {watched.resident / 1e6:.1f} MB resident, "
          f"{watched.anonymous / 1e6:.1f} MB anonymous, {watched.cpu:.2f} s of CPU, "
          f"{watched.threads} threads", flush=True)


def bench(folder: pathlib.Path, programs: dict[str, pathlib.Path], count: int, seconds: float) -> bool:
    """`programs`: builds of postern by name. The goals are for the one named postern."""
    started = []

    def start(kind, name: str, *arguments):
        (folder / name).mkdir()
        started.append(kind(folder / name, *arguments))
        return started[-1]

    certificates = folder / "certificates"
    subprocess.run([HERE.parents[1] / "certs" / "make.sh", certificates, "127.0.0.1"], check=True,
                   stdout=subprocess.DEVNULL)
    (folder / "www" / "metrics").mkdir(parents=True)
    page = pages.node_page(20_000)
    (folder / "www" / "metrics" / "small").write_text(page)
    try:
        upstream = start(servers.GuardedUpstream, "upstream", certificates, folder / "www")
        probed = {"nginx": (start(servers.RelayNginx, "nginx", certificates, upstream), "/ready")}
        for name, program in programs.items():
            postern = start(servers.Postern, name, program, certificates, upstream, ["small"], {},
                            (f"--web.max-connections={count + 2000}",))
            probed[name] = postern, "/-/healthy"
        good = True
        for what, hold in (("idle", hold_idle), ("slow heads", hold_slow)):
            for name, (server, probe) in probed.items():
                watched = watch(server, hold, count, seconds, probe, "/metrics/small", len(page))
                report(what, name, watched)
                good = good and (name != "postern" or watched.meets_goals())
        for server, probe in probed.values():
            wait_for(lambda server=server, probe=probe: server.get(probe), "it is healthy afterwards")
        print("all goals are met" if good else "postern MISSED a goal: probe under 5 ms, scrape under "
              "50 ms at p99, 48 MB, 32 threads")
        return good
    finally:
        for server in reversed(started):
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build",
                        help="folder with the program postern (default: build/)")
    parser.add_argument("--peer", type=pathlib.Path, help="another build of postern, the program")
    parser.add_argument("--clients", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--seconds", type=float, default=15,
                        help="seconds of measurement for each kind of clients (default: 15)")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    check(hard >= options.clients + 1000, f"{hard} open files are enough")
    programs = {"postern": options.build.resolve() / "postern"}
    if options.peer:
        programs = {"peer": options.peer.resolve(), **programs}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-bench-"))
    try:
        return 0 if bench(folder, programs, options.clients, options.seconds) else 1
    except (Failure, subprocess.CalledProcessError) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
