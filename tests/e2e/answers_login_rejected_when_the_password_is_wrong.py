"""A wrong password is `login_rejected` once; then nothing is sent until the file changes."""

import harness
from harness import check, expect_fault, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp(html_rejection=True)
    mount = stage.credentials_folder(password="Wr0ng-horse!")
    postern = stage.sidecar(whatsapp, credentials=mount)
    answer = expect_fault(postern, "login_rejected", 502, harness.TARGET, mentions="401")
    check("<html>" not in answer.body, "the service's page is not quoted")
    for _ in range(20):
        expect_fault(postern, "backoff", 503, harness.TARGET, mentions="login_rejected")
    check(whatsapp.counters()["logins"] == 1, "one login for all of these scrapes")
    own = postern.own_metrics()
    check(own.value("postern_login_rejections", target=harness.TARGET) == 1, "it is counted")

    (mount / "password").write_text(harness.PASSWORD)
    wait_for(lambda: postern.scrape().status == 200, "the new password ends the wait", 3)


harness.run(scenario)
