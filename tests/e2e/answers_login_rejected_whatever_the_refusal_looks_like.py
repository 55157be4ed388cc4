"""A refused login is `login_rejected` for every 4xx status, and for a success without a token. It is sent
once, also when the daemon is killed and restarted, and a changed password ends the wait."""

import harness
from harness import check, expect_fault, wait_for

LOGIN = "/v1/users/login"
HTML = {"body": "<html>Wrong-banner</html>", "content_type": "text/html"}
CASES = {
    "bad-request": {"status": 400, "body": '{"error":"Wrong-banner"}'},
    "forbidden": {"status": 403, **HTML},
    "precondition": {"status": 412},
    "unprocessable": {"status": 422, "body": '{"error":"Wrong-banner"}'},
    "locked": {"status": 423},
    "page": {"status": 200, **HTML},
    "long-page": {"status": 200, "body": "<html>Wrong-banner", "megabytes": 1, "content_type": "text/html"},
    "no-token": {"status": 200, "body": '{"users":[]}'},
    "nothing": {"status": 204},
    "cut": {"status": 401, "body": "Wrong-banner" * 100, "truncate": 40},
}


def scenario(stage):
    whatsapp = stage.whatsapp()
    mount = stage.credentials_folder(password="Wr0ng-horse!")
    state = stage.folder_for("state")
    targets = "".join(stage.plain_target(whatsapp, name, credentials=f"{{ directory: {mount} }}")
                      for name in CASES)
    postern = stage.postern(f"--state.dir={state}", config="targets:\n" + targets)
    for name, provocation in CASES.items():
        whatsapp.provoke(LOGIN, **provocation)
        answer = expect_fault(postern, "login_rejected", 502, name)
        check("Wrong-banner" not in answer.body, f"the answer is not quoted: {answer.body}")
    whatsapp.clear()
    postern.process.kill()
    postern.start()
    for name in CASES:
        expect_fault(postern, "backoff", 503, name, mentions="login_rejected")
    check(whatsapp.counters()["requests"] == {LOGIN: len(CASES)}, "one login each, also over a kill -9")

    (mount / "password").write_text(harness.PASSWORD)
    for name in CASES:
        wait_for(lambda: postern.scrape(name).status == 200, f"{name}: the new password ends the wait", 3)


harness.run(scenario)
