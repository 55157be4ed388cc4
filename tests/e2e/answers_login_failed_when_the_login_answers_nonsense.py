"""Any other answer of the login is `login_failed`, none of it is quoted, no redirect followed."""

import harness
from harness import check, expect_fault

LOGIN = "/v1/users/login"


def scenario(stage):
    whatsapp = stage.whatsapp()
    cases = {
        "server-error": {"status": 500, "body": '{"errors":[{"code":1014}]}'},
        "overloaded": {"status": 503, "body": '{"errors":[{"code":1016}]}'},
        "page": {"status": 200, "body": "<html>Welcome-banner</html>", "content_type": "text/html"},
        "no-token": {"status": 200, "body": '{"users":[]}'},
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
