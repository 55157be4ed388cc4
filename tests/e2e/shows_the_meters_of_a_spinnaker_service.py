"""A service of Spinnaker behind nginx, which requires a client certificate. The preset needs no credential
and requests all tags. It converts the JSON of the meters to Prometheus names, with the service as a label
where configured. Prometheus scrapes it, and the fault of a cut document says where it ends."""

import pathlib

import harness
from harness import check, check_answer

DATA = pathlib.Path(__file__).parents[1] / "data" / "spectator"


def scenario(stage):
    root = stage.folder_for("www")
    served = root / "metrics.json"
    gate = (DATA / "upstream-gate.json").read_text()
    served.write_text(gate)
    pair = stage.authority.issue("gate.internal")
    # As in a real service, the Content-Type is useless.
    nginx = stage.nginx(rf"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      default_type application/vnd.spinnaker;
      location = /spectator/metrics {{
        if ($args !~ "^tagNameRegex=\.(\*|%2A)$") {{ return 400; }}
        alias {served};
      }}""")
    tls = stage.tls_folder()
    postern = stage.postern("--target.name=gate", "--target.preset=spinnaker", f"--target.url={nginx.url}",
                            f"--tls.dir={tls}", "--target.server-name=gate.internal")
    answer = postern.scrape("gate")
    check(answer.status == 200, f"{answer.status} {answer.body}")
    check(answer.body == (DATA / "upstream-gate.expected.prom").read_text(), answer.body)

    prometheus = stage.prometheus(
        "- job_name: gate\n  scrape_interval: 1s\n  metrics_path: /metrics/gate\n"
        f"  static_configs: [{{ targets: ['127.0.0.1:{postern.port}'] }}]\n")
    harness.wait_for(lambda: prometheus.ask("query?query=gate:controller:invocations_total")["result"],
                     "Prometheus has the series", 30)
    series = prometheus.ask("query?query=gate:jvm:buffer:memoryUsed")["result"]
    check({one["metric"]["id"]: one["value"][1] for one in series} == {"mapped": "2", "direct": "22222"},
          f"its values: {series}")

    served.write_text(gate[:len(gate) // 2])
    check_answer(postern.scrape("gate"), "format", 502, "gate", mentions="/spectator/metrics")

    served.write_text(gate)
    labelled = stage.postern(config=(
        f"targets:\n  - name: gate\n    preset: spinnaker\n    url: {nginx.url}\n"
        f"    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key,"
        " server_name: gate.internal }\n"
        "    pages:\n      - { path: /spectator/metrics, format: spectator_json,"
        " params: { tagNameRegex: [.*] }, service_label: true, standard_notation: true }\n"))
    answer = labelled.scrape("gate")
    check(answer.body == (DATA / "upstream-gate.service_label.expected.prom").read_text(), answer.body)


harness.run(scenario)
