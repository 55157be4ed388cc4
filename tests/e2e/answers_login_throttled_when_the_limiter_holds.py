"""A 429 of the login, caused by another client of the pod, is `login_throttled`."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp(max_bad_logins=2, limiter_window=600)
    client = stage.authority.issue("another-container")
    for _ in range(2):
        check(whatsapp.log_in(client, "wrong")[0] == 401, "another container fails to log in")
    postern = stage.sidecar(whatsapp)
    expect_fault(postern, "login_throttled", 503, harness.TARGET, mentions="429")
    expect_fault(postern, "backoff", 503, harness.TARGET, mentions="login_throttled")
    check(whatsapp.counters()["throttled_logins"] == 1, "one login is sent")
    own = postern.own_metrics()
    check(own.value("postern_login_attempts_total", target=harness.TARGET, result="throttled") == 1,
          "it counts as throttled")


harness.run(scenario)
