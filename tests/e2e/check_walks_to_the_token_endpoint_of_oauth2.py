"""With `oauth2` the check includes the token endpoint: it names causes and remedies there, and sends no
client secret after a failed step."""

import json

import harness
from harness import Reply, check

TOKEN = "t0ken-of-the-endpoint"


def scenario(stage):
    stage.secret("token", TOKEN)
    good = stage.secret("client secret", "S3cret-client")
    other = harness.Authority(stage.folder / "idp", "Provider CA")

    def give(request):
        given = request.headers.get("authorization", "") + str(request.form())
        if request.method != "POST":
            return Reply(404)
        if "Y2xpZW50OlMzY3JldC1jbGllbnQ=" not in given:  # client:S3cret-client
            return Reply(401, '{"error":"invalid_client"}')
        return Reply(200, json.dumps({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}))

    def guarded(request):
        known = request.headers.get("authorization") == f"Bearer {TOKEN}"
        return Reply(200, "up 1\n", (("Content-Type", "text/plain; version=0.0.4"),)) if known else Reply(401)

    stage.secret("client secret, encoded", "Y2xpZW50OlMzY3JldC1jbGllbnQ=")
    endpoint = stage.https(other.issue("idp.internal"), give)
    service = stage.https(stage.authority.issue("service"), guarded, stage.authority.certificate)
    tls = stage.tls_folder()
    secret = stage.folder_for("oauth2") / "secret"
    nobody = f"--web.listen-address=127.0.0.1:{harness.free_port()}"

    def examine(text, server_name="idp.internal"):
        secret.write_text(text + "\n")
        file = stage.folder_for("config") / "postern.yml"
        file.write_text(f"""
targets:
  - name: billing
    url: {service.url}
    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key, server_name: service }}
    oauth2:
      client_id: client
      client_secret_file: {secret}
      token_url: {endpoint.url}/token
      tls_config: {{ ca_file: {other.certificate}, server_name: {server_name} }}
""")
        return stage.examine("--json", nobody, f"--config.file={file}")

    lost = examine(good, server_name="idp.public")
    lost.expect("tls", "token endpoint: 127.0.0.1: certificate is for idp.internal, not idp.public",
                "correct server_name")
    lost.expect_not_tried("login", "page", "rules", "scraper")
    check(not endpoint.requests("/token"), "no secret was sent")

    wrong = examine(stage.secret("wrong secret", "S3cret-wrong"))
    wrong.expect("login", "401 invalid_client", f"write a client_id and client_secret that the token "
                 f"endpoint accepts into file {secret}")

    whole = examine(good)
    check(whole.code == 0, f"every step succeeds: {whole.output}")
    check(f"one login will be sent to {endpoint.url}/token" in whole.of("login")[0]["what"], "announced")
    check("client_id and client_secret from file" in whole.of("credential")[0]["what"], "named by kind")
    check("HTTP/1.1 200 OK" in whole.of("scraper")[0]["what"], "and the page is served")


harness.run(scenario)
