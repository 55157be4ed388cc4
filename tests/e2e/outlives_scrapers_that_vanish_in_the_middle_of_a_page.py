"""Scrapers that reset, close or stop reading in the middle of a large page cause no leak. Others are served
meanwhile. Their resources are freed, for stopped ones by the write timeout."""

import socket

import harness
from harness import check, wait_for

SCRAPERS = 6
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: postern\r\n\r\n"
SILENCE = 30  # seconds for which a block may wait for a reader


def begin(port):
    """A scraper that has read the beginning of its page and then stops."""
    scraper = socket.create_connection(("127.0.0.1", port))
    scraper.sendall(REQUEST)
    check(scraper.recv(1), "the page begins")
    return scraper


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(
        config="targets:\n" +
        stage.plain_target(whatsapp, hold_back="64KiB", max_concurrent_scrapes=SCRAPERS) +
        stage.plain_target(whatsapp, name="small", pages="[{ path: /v1/stats/app }]"))
    wire = stage.fault_proxy(postern.port)
    check(postern.scrape().status == 200, "a successful scrape first")
    check(postern.scrape("small").status == 200, "also of the other target")
    descriptors = postern.own_metrics().value("process_open_fds")
    whatsapp.provoke("/metrics", megabytes=48)

    def others_are_served():
        answer = postern.scrape("small")
        check(answer.status == 200 and answer.seconds < 2, f"others: {answer.status} {answer.seconds}")
        check(postern.get("/-/healthy").seconds < 1, "health answers")

    def let_go():
        metrics = postern.own_metrics()
        return (metrics.value("postern_http_connections") == 1 and
                metrics.value("process_open_fds") <= descriptors)

    for claim, fault, seconds in (("reset", {"reset": 0}, 5), ("closed", {"cut": 0}, 5),
                                  ("silent", {"black_hole": True}, SILENCE + 10)):
        wire.heal()
        scrapers = [begin(wire.port) for _ in range(SCRAPERS)]
        others_are_served()
        wire.set(**fault)
        # Bytes still in the relay are forwarded, so that the fault applies to them.
        for scraper in scrapers:
            scraper.settimeout(0)
            try:
                while scraper.recv(1 << 20):
                    pass
            except OSError:
                pass
        others_are_served()
        wait_for(let_go, f"the resources of the scrapers are free again: {claim}", seconds)
        for scraper in scrapers:
            scraper.close()
    wire.heal()
    whatsapp.clear()
    check(postern.scrape().status == 200, "the next scrape succeeds")
    check(whatsapp.counters()["logins"] == 2, "one login for each target")


harness.run(scenario)
