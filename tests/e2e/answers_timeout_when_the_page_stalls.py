"""A page that sends nothing, or stops in the middle, is `timeout` at the scraper's deadline."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp)
    check(postern.scrape().status == 200, "a successful scrape first")
    for provocation in ({"stall": 30}, {"stall_body": 30}):
        whatsapp.provoke("/metrics", **provocation)
        answer = expect_fault(postern, "timeout", 504, harness.TARGET,
                              headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
        check(1 <= answer.seconds < 2, f"before Prometheus gives up: {answer.seconds}")


harness.run(scenario)
