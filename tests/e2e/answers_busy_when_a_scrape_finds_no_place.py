"""With one place, taken by a scraper that reads no further, the next one is `busy` in time."""

import socket

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(
        whatsapp, max_concurrent_scrapes="1", hold_back="64KiB", scrape_timeout="10s"))
    check(postern.scrape().status == 200, "a good scrape first")
    whatsapp.provoke("/metrics", megabytes=48)
    slow = socket.create_connection(("127.0.0.1", postern.port))
    slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: postern\r\n\r\n")
    check(slow.recv(1), "the first scraper's page streams")
    answer = expect_fault(postern, "busy", 503, "plain",
                          headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
    check(answer.seconds < 2, f"at its own deadline: {answer.seconds}")
    slow.close()
    whatsapp.clear()
    harness.wait_for(lambda: postern.scrape().status == 200, "the place is free again")


harness.run(scenario)
