"""The token is from an OAuth2 endpoint at another host. It is requested once, until it expires or is refused.
A wrong secret is sent once, and a changed one ends the wait."""

import base64
import json
import urllib.parse

import harness
from harness import Reply, check, expect_fault, wait_for

CLIENT = "urn:postern"


class Provider:
    """A token endpoint and its issued tokens."""

    def __init__(self, stage):
        self._stage = stage
        self.secret = stage.secret("client secret", "S3cret~one +/")
        self.valid = None
        self._given = 0

    def answer(self, request) -> Reply:
        form = request.form()
        if request.method != "POST" or request.path != "/realms/a/token/?tenant=b":
            return Reply(404)
        if form.get("grant_type") != "client_credentials" or form.get("scope") != "read write":
            return Reply(400, '{"error":"invalid_scope"}')
        if form.get("audience") != "metrics":
            return Reply(400, '{"error":"invalid_target"}')
        kind, _, basic = request.headers.get("authorization", "").partition(" ")
        pair = base64.b64decode(basic).decode() if kind == "Basic" else ":"
        client, secret = map(urllib.parse.unquote_plus, pair.split(":"))
        if (client, secret) != (CLIENT, self.secret):
            return Reply(401, '{"error":"invalid_client"}', (("WWW-Authenticate", "Basic"),))
        self._given += 1
        self.valid = self._stage.secret(f"token {self._given}", f"t0ken-{self._given}-of-provider")
        return Reply(200, json.dumps({"access_token": self.valid, "token_type": "bearer",
                                      "expires_in": 3600}))


def scenario(stage):
    provider = Provider(stage)
    other = harness.Authority(stage.folder / "idp", "Provider CA")
    endpoint = stage.https(other.issue("idp.internal"), provider.answer)

    def guarded(request):
        if request.headers.get("authorization") != f"Bearer {provider.valid}":
            return Reply(401)
        return Reply(200, "up 1\n", (("Content-Type", "text/plain; version=0.0.4"),))

    service = stage.https(stage.authority.issue("service"), guarded, stage.authority.certificate)
    tls = stage.tls_folder()
    secret = stage.folder_for("oauth2") / "secret"
    secret.write_text(stage.secret("wrong secret", "S3cret-wrong") + "\n")
    postern = stage.postern(config=f"""
targets:
  - name: billing
    url: {service.url}
    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key, server_name: service }}
    oauth2:
      client_id: {CLIENT}
      client_secret_file: {secret}
      token_url: {endpoint.url}/realms/a/token/?tenant=b
      scopes: [read, write]
      endpoint_params: {{ audience: metrics }}
      tls_config: {{ ca_file: {other.certificate}, server_name: idp.internal }}
""")
    path = "/realms/a/token/"
    check(not endpoint.requests(path), "nobody logs in before the first scrape")
    expect_fault(postern, "login_rejected", 502, "billing", "401 invalid_client")
    expect_fault(postern, "backoff", 503, "billing", "waiting after login_rejected")
    asked = len(endpoint.requests(path))
    check(asked == 2, f"the wrong secret is tried in the header and in the body: {asked}")

    secret.write_text(provider.secret + "\n")
    wait_for(lambda: postern.scrape().status == 200, "the changed secret ends the wait")
    for _ in range(5):
        check(postern.scrape().status == 200, "the token is used again")
    check(len(endpoint.requests(path)) == asked + 1, "one login is enough")

    provider.valid = None
    check(postern.scrape().status == 200, "a refused token is replaced and the page requested again")
    check(len(endpoint.requests(path)) == asked + 2, "by one login")
    successes = postern.own_metrics().value("postern_login_attempts_total", target="billing",
                                            result="success")
    check(successes == 2, f"two logins succeeded: {successes}")


harness.run(scenario)
