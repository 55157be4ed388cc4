"""Selectors, labels, relabeling, renames, pseudonyms and limits change the page of a target before a scraper
sees it. Dropped samples are counted, the request for a federate page contains the selectors, and no output
contains the salt or a pseudonymized value. `postern rules` shows the same without a service. Duplicate series
caused by a rule are passed on and counted. The status and `postern check` warn about them, and `postern
rules` names them."""

import subprocess
import urllib.parse

import harness
from harness import check

TOKEN = "b3arer-t0ken-of-the-shapes"
SALT = "s4lt-of-the-shapes"
USER = "Leonhard-Euler"
PAGE = f"""# HELP up Whether it is up.
# TYPE up gauge
up{{job="a",cluster="here"}} 1
# HELP old_total Old.
# TYPE old_total counter
old_total{{user="{USER}",tmp="x"}} 5
# TYPE noise gauge
noise 1
# HELP secret Not for you.
# TYPE secret gauge
secret 1
# TYPE many gauge
many{{n="1"}} 1
many{{n="2"}} 1
many{{n="3"}} 1
"""
KEYS = """    match: ['{__name__=~".+",__name__!="noise"}']
    labels: { cluster: eu-1 }
    metric_relabel_configs:
      - { source_labels: [__name__], regex: "sec.*", action: drop }
      - { regex: tmp, action: labeldrop }
    rename: { old_total: new_total }
    anonymize: { labels: [user], salt_file: salt }
    family_series_limit: 2
"""


def scenario(stage):
    root = stage.folder_for("www")
    (root / "federate").write_text(PAGE)
    log = root / "requests"
    pair = stage.authority.issue("metrics.internal")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      access_log {log}; default_type text/plain; location / {{ root {root}; }}""")
    tls = stage.tls_folder()
    folder = stage.folder_for("config")
    (folder / "salt").write_text(SALT + "\n")
    for name, text in (("token", TOKEN), ("salt", SALT), ("user", USER)):
        stage.secret(name, text)
    config = folder / "postern.yml"
    config.write_text(f"""targets:
  - name: shaped
    url: {nginx.url}
    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key,
                  server_name: metrics.internal }}
    authorization: {{ credentials: {TOKEN} }}
    pages: [{{ path: /federate }}]
{KEYS}""")
    postern = stage.postern(f"--config.file={config}")
    answer = postern.scrape("shaped")
    check(answer.status == 200, f"{answer.status} {answer.body}")
    lines = answer.body.splitlines()
    pseudonym = next(line for line in lines if line.startswith("new_total{")).split('user="')[1][:12]
    check(answer.body == f"""# HELP up Whether it is up.
# TYPE up gauge
up{{job="a",cluster="eu-1",exported_cluster="here"}} 1
# HELP new_total Old.
# TYPE new_total counter
new_total{{user="{pseudonym}",cluster="eu-1"}} 5
# TYPE many gauge
many{{n="1",cluster="eu-1"}} 1
many{{n="2",cluster="eu-1"}} 1
""", f"the page is changed:\n{answer.body}")
    check(pseudonym != USER[:12], "the user is a pseudonym")
    check(postern.scrape("shaped").body == answer.body, "which is the same each time")

    own = postern.own_metrics()
    for reason, count in (("match", 1), ("relabel", 1), ("family_series_limit", 1)):
        found = own.value("postern_samples_dropped_total", target="shaped", reason=reason)
        check(found == 2 * count, f"samples dropped by {reason} are counted: {found}")
    asked = urllib.parse.unquote(log.read_text())
    check('GET /federate?match[]={__name__=~".+",__name__!="noise"} ' in asked,
          f"the request contains the selectors: {asked}")

    said = subprocess.run([stage.build / "postern", "rules", root / "federate",
                           f"--config.file={config}", "--target=shaped"],
                          capture_output=True, text=True, timeout=20)
    check(said.returncode == 0, f"rules: {said.stderr}")
    for claim in ("7 samples", "dropped noise (1)", "dropped secret (1)",
                  "renamed old_total -> new_total (1)", "5 of 7 samples remain"):
        check(claim in said.stdout, f"{claim}: {said.stdout}")
    check(USER not in said.stdout and SALT not in said.stdout, "rules keeps the secrets as well")
    check("become one series" not in said.stdout, f"no series become one: {said.stdout}")
    expect_warning_of_duplicates(stage, postern, config, root / "federate")


def expect_warning_of_duplicates(stage, postern, config, page):
    def counts():
        own = postern.own_metrics()
        return (own.value("postern_relabel_duplicate_samples_total", target="shaped"),
                own.value("postern_duplicate_samples_total", target="shaped"))

    check(counts() == (0, 0), f"no duplicates so far: {counts()}")
    page.write_text(f'a{{user="{USER}",tmp="1"}} 1\na{{user="{USER}",tmp="2"}} 2\n'
                    f'a{{user="{USER}",tmp="2"}} 3\n')
    answer = postern.scrape("shaped")
    check(answer.status == 200 and answer.body.count("a{") == 2, f"it stays allowed: {answer.body}")
    check(counts() == (1, 0), f"counted apart: {counts()}")
    status = postern.status()["targets"][0]
    check(any("rules made 1 sample a duplicate" in warning for warning in status["warnings"]),
          f"the status warns: {status['warnings']}")
    check(status["page"]["last_relabel_duplicates"] == 1, f"{status['page']}")

    said = subprocess.run([stage.build / "postern", "rules", page, f"--config.file={config}",
                           "--target=shaped"], capture_output=True, text=True, timeout=20)
    for claim in ("3 samples, 1 of them duplicates on the page itself",
                  "metric_relabel_configs[1]: labeldrop",
                  "makes 1 duplicate: Prometheus keeps one sample of each series",
                  'a{cluster="eu-1",user="<hidden>",tmp="1"} and a{cluster="eu-1",user="<hidden>",tmp="2"}'
                  " become one series"):
        check(claim in said.stdout, f"{claim}: {said.stdout}")
    check(USER not in said.stdout, f"rules keeps the secrets as well: {said.stdout}")


harness.run(scenario)
