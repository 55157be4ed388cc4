"""A 403 of a page is `forbidden` and never logs in again."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp(forbidden="/metrics")
    postern = stage.sidecar(whatsapp)
    for _ in range(3):
        expect_fault(postern, "forbidden", 502, harness.TARGET, mentions="/metrics")
    check(whatsapp.counters()["logins"] == 1, "one login")
    whatsapp.set(forbidden="")
    check(postern.scrape().status == 200, "it succeeds when the role suffices")


harness.run(scenario)
