"""Every status of a guarded page except 200 is `status`, with the number and without the body."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp)
    check(postern.scrape().status == 200, "a successful scrape first")
    for status, body in ((503, "code-1016"), (500, "code-1011"), (404, ""), (204, "")):
        whatsapp.provoke("/metrics", status=status, body=body)
        answer = expect_fault(postern, "status", 502, harness.TARGET, mentions=str(status))
        check("/metrics" in answer.body, f"the page is named: {answer.body}")
        check(not body or body not in answer.body, "the body is not quoted")
    whatsapp.clear()
    whatsapp.set(core_up=False)
    expect_fault(postern, "status", 502, harness.TARGET, mentions="500")
    whatsapp.set(core_up=True)
    check(postern.scrape().status == 200, "it succeeds once the service does")
    check(whatsapp.counters()["logins"] == 1, "no further login")


harness.run(scenario)
