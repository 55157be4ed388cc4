"""A 200 without a sample (WhatsApp's text page while its core is down) is `empty`."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(whatsapp))
    check(postern.scrape().status == 200, "a successful scrape first")
    whatsapp.set(core_up=False)
    expect_fault(postern, "empty", 502, "plain", mentions="/metrics")
    whatsapp.provoke("/metrics", body="# HELP lonely Nothing follows\n")
    expect_fault(postern, "empty", 502, "plain")


harness.run(scenario)
