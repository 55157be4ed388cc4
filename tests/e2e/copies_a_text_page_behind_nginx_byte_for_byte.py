"""nginx requires a client certificate and a bearer token. Its page arrives through mutual TLS byte for byte,
whether nginx compresses it or not, and whether the scraper accepts gzip or not. A redirect to another host is
not followed: the token does not leave."""

import gzip
import http.client
import pathlib

import harness
from harness import check, check_answer

PAGES = pathlib.Path(__file__).parents[1] / "data" / "pages"
TOKEN = "b3arer-t0ken-of-nginx"


def scenario(stage):
    page = max(PAGES.glob("*.prom"), key=lambda file: file.stat().st_size)
    text = page.read_bytes()
    pair = stage.authority.issue("metrics.internal")
    thief = stage.whatsapp()
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      ssl_protocols TLSv1.3; gzip on; gzip_types text/plain; gzip_http_version 1.1;
      default_type text/plain;
      if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}
      location = /metrics {{ alias {page}; }}
      location = /moved {{ return 302 /metrics; }}
      location = /stolen {{ return 302 {thief.url}/metrics; }}
      location = /down {{ return 302 http://127.0.0.1:1/metrics; }}""")
    tls = stage.tls_folder()
    token = stage.folder_for("token") / "token"
    token.write_text(stage.secret("token", TOKEN) + "\n")

    def target(name, path, more=""):
        return (f"  - name: {name}\n    url: {nginx.url}\n"
                f"    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt,"
                f" key_file: {tls}/tls.key, server_name: metrics.internal }}\n"
                f"    authorization: {{ credentials_file: {token} }}\n"
                f"    pages: [{{ path: {path} }}]\n" + more)

    postern = stage.postern(config="targets:\n" + target("page", "/metrics")
                            + target("moved", "/moved") + target("stolen", "/stolen")
                            + target("down", "/down")
                            + target("stays", "/moved", "    follow_redirects: false\n"))
    for name in ("page", "moved"):
        answer = postern.scrape(name)
        check(answer.status == 200, f"{name}: {answer.status} {answer.body[:300]}")
        check(answer.body.encode() == text, f"{name}: the page is unchanged")
    head = postern.get("/metrics/page", method="HEAD")
    check(head.status == 200 and head.body == "", "HEAD is answered with the head only")

    connection = http.client.HTTPConnection("127.0.0.1", postern.port)
    connection.request("GET", "/metrics/page", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    check(answer.headers["Content-Encoding"] == "gzip", "gzip if accepted")
    check(gzip.decompress(body) == text, "and it is the same page")

    for name in ("stolen", "down", "stays"):
        check_answer(postern.scrape(name), "status", 502, name, mentions="302")
    check(thief.requests("/metrics") == 0, "nothing was sent to another host")

    token.write_text("changed\n")
    check(harness.wait_for(lambda: postern.scrape("page").status == 502, "a wrong token fails", 5),
          "the changed token is sent")
    answer = postern.scrape("page")
    check_answer(answer, "backoff", 503, "page", mentions="login_rejected")
    token.write_text(TOKEN)
    harness.wait_for(lambda: postern.scrape("page").status == 200, "the right token ends the wait", 5)


harness.run(scenario)
