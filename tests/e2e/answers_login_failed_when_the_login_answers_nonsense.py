"""An answer to a login that does not judge the password is `login_failed`: an error of the service, a path
that does not exist, a redirect. The redirect is not followed, and the answer is not quoted."""

import harness
from harness import check, expect_fault

LOGIN = "/v1/users/login"


def scenario(stage):
    whatsapp = stage.whatsapp()
    cases = {
        "server-error": {"status": 500, "body": '{"errors":[{"code":1014}],"text":"Welcome-banner"}'},
        "overloaded": {"status": 503, "body": '{"errors":[{"code":1016}]}'},
        "missing": {"status": 404, "body": "<html>Welcome-banner</html>", "content_type": "text/html"},
        "other-method": {"status": 405, "body": "Welcome-banner"},
        "slow-request": {"status": 408},
        "cut": {"status": 200, "body": '{"users":[{"token":"Welcome-banner"}]}', "truncate": 30},
        "redirect": {"status": 302, "headers": [f"Location: {whatsapp.url}/metrics"]},
    }
    targets = "".join(stage.plain_target(whatsapp, name) for name in cases)
    postern = stage.postern(config="targets:\n" + targets)
    for name, provocation in cases.items():
        whatsapp.provoke(LOGIN, **provocation)
        answer = expect_fault(postern, "login_failed", 502, name)
        check("Welcome-banner" not in answer.body, "the answer is not quoted")
    check(whatsapp.counters()["requests"] == {LOGIN: len(cases)}, "one login each, nothing else")


harness.run(scenario)
