"""The only slot is used by a scrape with a stalled page: a scrape for another format gets `busy` in time."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(
        whatsapp, max_concurrent_scrapes="1", scrape_timeout="10s"))
    check(postern.scrape().status == 200, "a successful scrape first")
    asked = whatsapp.requests("/metrics")
    whatsapp.provoke("/metrics", stall=5, times=1)
    first = harness.in_background(lambda: postern.scrape(headers={"Accept": "application/openmetrics-text"}))
    harness.wait_for(lambda: whatsapp.requests("/metrics") > asked, "the first scrape has the slot")
    answer = expect_fault(postern, "busy", 503, "plain",
                          headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
    check(answer.seconds < 2, f"at its own deadline: {answer.seconds}")
    check(first.result().status == 200, "the first scrape is answered")
    check(postern.scrape().status == 200, "the slot is free again")


harness.run(scenario)
