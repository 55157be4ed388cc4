"""A default password that must be changed is `login_rejected`: another attempt cannot succeed."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp(default_password=True)
    postern = stage.sidecar(whatsapp)
    expect_fault(postern, "login_rejected", 502, harness.TARGET)
    expect_fault(postern, "backoff", 503, harness.TARGET, mentions="login_rejected")
    check(whatsapp.counters()["logins"] == 1, "one login")


harness.run(scenario)
