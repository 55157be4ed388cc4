"""A service with a login form answers with a redirect and a cookie, which postern sends with every page
request. If the service no longer knows the cookie, one login and one replay follow; a wrong password is sent
once. Cookies are identified by name, domain and path, and other cookies of the login are sent with the pages
of their scope."""

import harness
from harness import PASSWORD, Reply, check, expect_fault, wait_for


class Site:
    def __init__(self, stage):
        self._stage = stage
        self.session = None
        self._given = 0

    def answer(self, request) -> Reply:
        if request.path == "/login":
            return self._log_in(request)
        if request.headers.get("x-tenant") != "one":
            return Reply(400, "", ())
        if self.session is None or request.headers.get("cookie") != f"sid={self.session}; lang=en":
            return Reply(302, "", (("Location", "/login?next=" + request.path),))
        return Reply(200, "up 1\n", (("Content-Type", "text/plain; version=0.0.4"),))

    def _log_in(self, request) -> Reply:
        if request.headers.get("x-client") != "postern-key":
            return Reply(404, "", ())
        # Every visitor gets a cookie, and a wrong password gets the form again.
        if request.method != "POST" or request.form() != {"user": "admin", "pass": PASSWORD}:
            return Reply(200, "<form>" + "x" * 100_000, (("Set-Cookie", "lang=en"),))
        self._given += 1
        self.session = self._stage.secret(f"session {self._given}", f"s3ssion-{self._given}-of-site")
        return Reply(302, "", (("Location", "/"), ("Set-Cookie", "lang=en"),
                               ("Set-Cookie", f"sid={self.session}; Path=/; HttpOnly; Max-Age=600"),
                               ("Set-Cookie", "admin=1; Path=/admin"),
                               ("Set-Cookie", "sid=; Path=/old; Expires=Thu, 01 Jan 1970 00:00:00 GMT")))


def scenario(stage):
    site = Site(stage)
    service = stage.https(stage.authority.issue("service"), site.answer)
    credentials = stage.credentials_folder(password="Wr0ng-horse!")
    stage.secret("the right password", PASSWORD)
    client = stage.folder_for("client") / "key"
    client.write_text("postern-key\n")
    postern = stage.postern(config=f"""
targets:
  - name: site
    url: {service.url}
    tls_config: {{ ca_file: {stage.authority.certificate}, server_name: service }}
    credentials: {{ directory: {credentials} }}
    http_headers: {{ X-Tenant: {{ secrets: [one] }} }}
    login:
      url: /login
      http_headers: {{ X-Client: {{ files: [{client}] }} }}
      body: {{ form: {{ user: "{{{{username}}}}", pass: "{{{{password}}}}" }} }}
      token: {{ cookie: sid }}
""")
    expect_fault(postern, "login_rejected", 502, "site", "200 without the cookie")
    expect_fault(postern, "backoff", 503, "site", "waiting after login_rejected")
    check(len(service.requests("/login")) == 1, "a wrong password is sent once")

    (credentials / "password").write_text(PASSWORD + "\n")
    wait_for(lambda: postern.scrape().status == 200, "the changed password ends the wait")
    for _ in range(5):
        check(postern.scrape().status == 200, "the cookie is used again")
    check(len(service.requests("/login")) == 2, "one login is enough")
    expiry = postern.own_metrics().value("postern_token_expiry_timestamp_seconds", target="site")
    last = postern.own_metrics().value("postern_login_last_success_timestamp_seconds", target="site")
    check(abs(expiry - last - 600) < 2, f"Max-Age is its lifetime: {expiry - last}")

    site.session = None
    check(postern.scrape().status == 200, "an unknown cookie is replaced")
    check(len(service.requests("/login")) == 3, "by one login, without following the redirect")


harness.run(scenario)
