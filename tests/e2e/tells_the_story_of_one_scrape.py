"""With --web.enable-debug, /metrics/<target>?debug=true scrapes once and traces each step: certificates,
credential, session, connection, each page, rules and result, with the TLS of login and pages. It also traces
a failed scrape, and never shows a secret. Without the flag it is refused."""

import re

import harness
from harness import TARGET, check


def scenario(stage):
    whatsapp = stage.whatsapp(health="multi")
    tls, credentials = stage.tls_folder(), stage.credentials_folder()
    mounts = {"tls": tls, "credentials": credentials}
    off = stage.sidecar(whatsapp, **mounts)
    answer = off.get("/metrics?debug=true")
    check(answer.status == 403 and "--web.enable-debug" in answer.body, f"{answer.status} {answer.body}")
    check(whatsapp.counters()["logins"] == 0, "nothing was sent")

    postern = stage.sidecar(whatsapp, "--web.enable-debug", **mounts)
    answer = postern.get(f"/metrics/{TARGET}?debug=true")
    check(answer.status == 200, f"{answer.status} {answer.body}")
    check(answer.headers["Content-Type"] == "text/plain; charset=utf-8", "for people, not a page of metrics")
    for claim in (f"client: 'postern' for postern, issued by 'Scenario CA'", f"from {tls}/tls.crt",
                  "credential    found from file",
                  "session       logged in\n              on a new connection: TLS 1.3, ", "the token expires at",
                  f"connection    to 127.0.0.1:{whatsapp.port}; open before: 0",
                  "the service presented 'whatsapp-web'", "page          /metrics: 200, application/json",
                  "page          /v1/health: 200", "outcome       200, ", "verdict       scraped without fault"):
        check(claim in answer.body, f"{claim!r} in the trace:\n{answer.body}")
    spoken = re.findall(r"\n +on a (?:new|reused) connection: (.*?)(?:; it resumed an earlier session)?\n", answer.body)
    check(spoken == ["TLS 1.3, TLS_AES_256_GCM_SHA384"] * 5, f"the TLS of login and pages:\n{answer.body}")
    handshake = stage.examine("--json", "--no-login", f"--web.listen-address=127.0.0.1:{postern.port}",
                              *stage.sidecar_flags(whatsapp, **mounts)).of("tls")[0]
    check(handshake["what"].startswith(spoken[0] + " ("), f"with the text of postern check: {handshake['what']}")
    again = postern.get("/metrics?format=x&debug=true")
    check("on a reused connection: TLS 1.3, TLS_AES_256_GCM_SHA384" in again.body, f"{again.body}")
    check("the result of the last login was used again" in again.body, f"{again.body}")
    check("/v1/stats/db: not fetched, the last successful one is recent enough" in again.body, f"{again.body}")
    check(postern.get("/metrics?debug=false").body.startswith("# HELP"), "otherwise it is the page")
    check(postern.own_metrics().value("postern_scrapes_total", target=TARGET) == 3, "each is a scrape")

    whatsapp.provoke("/metrics", status=500)
    failed = postern.get("/metrics?debug=true")
    for claim in ("page          /metrics: status: page /metrics: answered 500", "outcome       502 status",
                  "verdict       the service answers with an error", "next          the next scrape"):
        check(claim in failed.body, f"{claim!r} in the trace:\n{failed.body}")
    whatsapp.clear()
    whatsapp.set(password="An0ther-horse!")
    whatsapp.revoke_tokens()
    failed = postern.get("/metrics?debug=true")
    check("session       the login failed\n              on a new connection: TLS 1.3, " in failed.body
          and "next login    at " in failed.body, f"{failed.body}")
    check(postern.get("/metrics/nobody?debug=true").status == 404, "only for an existing target")


harness.run(scenario)
