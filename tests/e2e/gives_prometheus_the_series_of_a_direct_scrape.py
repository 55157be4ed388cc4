"""Prometheus scrapes each of the real pages directly, with the client certificate and the token in its own
configuration, and through postern. The stored series are the same, value for value, for every format of the
page and of the request."""

import pathlib
import urllib.parse

import harness
from harness import check, wait_for

PAGES = sorted(file for file in (pathlib.Path(__file__).parents[1] / "data" / "pages").iterdir()
               if file.suffix in (".prom", ".om"))
TOKEN = "b3arer-t0ken-of-the-pages"


def target(page, url, tls, token):
    return (f"  - name: {page.stem}\n    url: {url}\n"
            f"    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt,"
            f" key_file: {tls}/tls.key, server_name: metrics.internal }}\n"
            f"    authorization: {{ credentials_file: {token} }}\n"
            f"    pages: [{{ path: /{page.name} }}]\n")


def series(prometheus, job, page):
    """Each series in Prometheus, without the labels of its path."""
    query = urllib.parse.quote(f'{{job="{job}",page="{page.stem}"}}')
    found = {}
    for entry in prometheus.ask(f"query?query={query}")["result"]:
        labels = {name: value for name, value in entry["metric"].items()
                  if name not in ("job", "instance")}
        if labels.get("__name__", "").startswith(("scrape_", "up")):
            continue
        found[tuple(sorted(labels.items()))] = entry["value"][1]
    return found


def scenario(stage):
    check(len(PAGES) == 17, f"all pages exist: {len(PAGES)}")
    pair = stage.authority.issue("metrics.internal")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      types {{ application/openmetrics-text om; text/plain prom; }}
      if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}
      location / {{ root {PAGES[0].parent}; }}""")
    tls = stage.tls_folder()
    token = stage.folder_for("token") / "token"
    token.write_text(stage.secret("token", TOKEN))
    postern = stage.postern(config="targets:\n" + "".join(
        target(page, nginx.url, tls, token) for page in PAGES))

    guarded = nginx.url.removeprefix("https://")
    common = "  scrape_interval: 2s\n  honor_timestamps: false\n"
    jobs = ""
    for page in PAGES:
        jobs += (f"- job_name: direct-{page.stem}\n{common}  scheme: https\n"
                 f"  metrics_path: /{page.name}\n"
                 f"  tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt,"
                 f" key_file: {tls}/tls.key, server_name: metrics.internal }}\n"
                 f"  authorization: {{ credentials_file: {token} }}\n"
                 f"  static_configs: [{{ targets: ['{guarded}'],"
                 f" labels: {{ job: direct, page: {page.stem} }} }}]\n"
                 f"- job_name: postern-{page.stem}\n{common}"
                 f"  metrics_path: /metrics/{page.stem}\n"
                 f"  static_configs: [{{ targets: ['127.0.0.1:{postern.port}'],"
                 f" labels: {{ job: postern, page: {page.stem} }} }}]\n")
    prometheus = stage.prometheus(jobs)

    for page in PAGES:
        def scraped(job, page=page):
            up = urllib.parse.quote(f'up{{job="{job}",page="{page.stem}"}}')
            result = prometheus.ask(f"query?query={up}")["result"]
            return result and result[0]["value"][1] == "1"
        for job in ("direct", "postern"):
            wait_for(lambda job=job: scraped(job), f"{page.name} is scraped, {job}", 60)
        direct = series(prometheus, "direct", page)
        through = series(prometheus, "postern", page)
        check(direct, f"{page.name} has series")
        missing = sorted(direct.keys() - through.keys())[:3]
        extra = sorted(through.keys() - direct.keys())[:3]
        check(not missing and not extra, f"{page.name}: missing {missing}, extra {extra}")
        differing = [key for key in direct if direct[key] != through[key]][:3]
        check(not differing, f"{page.name}: other values for {differing}")
        print(f"{page.name}: {len(direct)} series")


harness.run(scenario)
