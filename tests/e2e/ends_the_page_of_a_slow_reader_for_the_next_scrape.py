"""More readers than slots read nothing of a large page: they block no scraper. The page of the slowest reader
is aborted, never ended like a complete one, and the scraper gets its page."""

import socket
import time

import harness
from harness import check, wait_for

READERS = 6


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(whatsapp, scrape_timeout="20s"))
    check(postern.scrape().status == 200, "a successful scrape first")
    whatsapp.provoke("/metrics", megabytes=12)
    readers = []
    for _ in range(READERS):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(10)
        reader.connect(("127.0.0.1", postern.port))
        reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: postern\r\n\r\n")
        readers.append(reader)
    check(readers[0].recv(1), "the page streams to the first reader")
    for _ in range(3):
        answer = postern.scrape()
        check(answer.status == 200 and answer.whole, f"a scraper gets its page: {answer.status} {answer.reason}")
        check(answer.seconds < 10, f"long before its deadline: {answer.seconds}")
    whatsapp.clear()
    for reader in readers:
        reader.close()
    wait_for(lambda: postern.get("/health").status == 200, "slow readers say nothing about the target")

    # A page that fits the buffer is complete without its reader: more readers than slots get one each.
    whatsapp.provoke("/metrics", megabytes=2)
    single = stage.postern(config="targets:\n" + stage.plain_target(whatsapp, max_concurrent_scrapes="1"))
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", single.port))
    reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: postern\r\n\r\n")
    check(reader.recv(1), "the page streams")
    began = time.monotonic()
    check(single.scrape().whole and time.monotonic() - began < 1, "its slot is free before it is read")
    page = b""
    while not page.endswith(b"\r\n0\r\n\r\n") and (block := reader.recv(1 << 16)):
        page += block
    check(page.endswith(b"\r\n0\r\n\r\n") and len(page) > 2 << 20, "and its reader gets it completely, later")
    reader.close()


harness.run(scenario)
