"""After a failed login scrapes are answered at once, with `backoff` and Retry-After.

The body names the fault; the metric is the time of the next attempt.
"""

import time

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    whatsapp.provoke("/v1/users/login", status=500)
    backoff = "{ basic_auth: true, backoff: { initial: 60s } }"
    postern = stage.postern(config="targets:\n" + stage.plain_target(whatsapp, login=backoff))
    expect_fault(postern, "login_failed", 502, "plain")
    answer = expect_fault(postern, "backoff", 503, "plain", mentions="login_failed")
    wait = int(answer.headers["Retry-After"])
    check(29 <= wait <= 60, f"the wait is drawn from the upper half of its step: {wait}")
    due = postern.own_metrics().value("postern_login_next_attempt_timestamp_seconds", target="plain")
    check(abs(due - time.time() - wait) < 5, f"the metric says the same: {due}")
    check(whatsapp.counters()["logins"] == 0 and whatsapp.requests("/v1/users/login") == 1,
          "one attempt")


harness.run(scenario)
