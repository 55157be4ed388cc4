"""One text page and one OpenMetrics page behind nginx: each scraper gets the format that its Accept header
prefers, with its Content-Type. Simultaneous scrapers for different formats do not share a request.
Prometheus' own header gets OpenMetrics; without a header the answer is text."""

import threading

import harness
from harness import check

TOKEN = "b3arer-t0ken-of-the-forms"
TEXT = """# HELP jobs_total Jobs "done".
# TYPE jobs_total counter
jobs_total{queue="a"} 1.50 1395066363001
# TYPE depth untyped
depth 3
"""
OPENMETRICS = """# HELP jobs Jobs \\"done\\".
# TYPE jobs counter
jobs_total{queue="a"} 1.50 1395066363.001
# TYPE depth unknown
depth 3
# EOF
"""
PROMETHEUS = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
              "application/openmetrics-text;version=0.0.1;q=0.5,"
              "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
              "*/*;q=0.2")
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"


def scenario(stage):
    root = stage.folder_for("www")
    (root / "text").write_text(TEXT)
    (root / "openmetrics").write_text(OPENMETRICS)
    pair = stage.authority.issue("metrics.internal")
    # Without a Content-Type of Prometheus a page is text.
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      default_type text/html; location / {{ root {root}; }}
      location /openmetrics {{ root {root}; default_type application/openmetrics-text; }}""")
    tls = stage.tls_folder()
    stage.secret("token", TOKEN)
    postern = stage.postern(config="targets:\n" + "".join(
        f"  - name: {name}\n    url: {nginx.url}\n"
        f"    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt,"
        f" key_file: {tls}/tls.key, server_name: metrics.internal }}\n"
        f"    authorization: {{ credentials: {TOKEN} }}\n"
        f"    pages: [{{ path: /{name} }}]\n" for name in ("text", "openmetrics")))

    def ask(name, accept):
        headers = {"Accept": accept} if accept else {}
        answer = postern.get(f"/metrics/{name}", headers=headers)
        check(answer.status == 200, f"{name}: {answer.status} {answer.body}")
        return answer.body, answer.headers["Content-Type"]

    for name in ("text", "openmetrics"):
        for accept in ("", "*/*", "text/plain", "garbage;;q=x"):
            check(ask(name, accept) == (TEXT, TEXT_TYPE), f"{name}, {accept!r}: {ask(name, accept)}")
        check(ask(name, PROMETHEUS) == (OPENMETRICS, OPENMETRICS_TYPE),
              f"{name}, Prometheus: {ask(name, PROMETHEUS)}")

    answers = {}
    threads = [threading.Thread(target=lambda i=i: answers.update(
        {i: ask("text", PROMETHEUS if i % 2 else "")[0]})) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(all(answers[i] == (OPENMETRICS if i % 2 else TEXT) for i in range(20)),
          "each has its own format")


harness.run(scenario)
