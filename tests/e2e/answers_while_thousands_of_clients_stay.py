"""Thousands of clients stay idle, and as many never end their request: health and page answer meanwhile, with
little memory and few threads. Beyond the limit the connection that was idle longest is closed.
(tests/bench/clients.py measures the speed.)"""

import pathlib
import re
import resource
import socket

import harness
from harness import check, wait_for

_CLIENTS = 4000


def _status(postern, field: str) -> int:
    text = pathlib.Path(f"/proc/{postern.process.pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE)[1])


def scenario(stage):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    whatsapp = stage.whatsapp()
    postern = stage.postern(f"--web.max-connections={_CLIENTS + 10}", "--web.header-timeout=1m",
                            config="targets:\n" + stage.plain_target(whatsapp))
    check(postern.scrape().status == 200, "the page exists")

    def come(text: bytes) -> list[socket.socket]:
        clients = []
        for _ in range(_CLIENTS):
            client = socket.create_connection(("127.0.0.1", postern.port), timeout=10)
            client.sendall(text)
            clients.append(client)
        return clients

    def judge(what: str):
        for _ in range(20):
            for path in ("/-/healthy", "/metrics"):
                answer = postern.get(path)
                check(answer.status == 200 and answer.whole, f"{path} among {what}: {answer.status}")
        check(_status(postern, "VmRSS") < 48_000, f"{_status(postern, 'VmRSS')} kB among {what}")
        check(_status(postern, "Threads") <= 32, f"{_status(postern, 'Threads')} threads")

    whole = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
    idle = come(whole)
    for client in idle:
        check(client.recv(4096).startswith(b"HTTP/1.1 200 "), "each is answered once")
    judge("idle clients")
    more = come(whole)
    for client in more:
        check(client.recv(4096).startswith(b"HTTP/1.1 200 "), "each beyond the limit is answered too")
    check(idle[0].recv(4096) == b"", "the one that was idle longest is closed")
    judge("more idle clients than the limit allows")
    for client in idle + more:
        client.close()
    wait_for(lambda: postern.own_metrics().value("postern_http_connections") < 20, "they are closed")

    slow = come(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow")
    judge("slow clients")
    for client in slow:
        client.close()
    wait_for(lambda: postern.own_metrics().value("postern_http_connections") < 20, "they are closed")


harness.run(scenario)
