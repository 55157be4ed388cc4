"""The rules of helm/files in a real Prometheus, with seconds instead of minutes."""

import pathlib
import re

_ROOT = pathlib.Path(__file__).parents[3]
FILES = _ROOT / "helm/files"
POD_MONITOR = _ROOT / "tests/data/rules/pod_monitor.yml"  # as rendered by the chart; tests/kube checks that


def in_seconds(folder):
    """Settings with a copy of the rules, whose alerts wait for seconds instead of minutes."""
    for file in sorted((FILES / "rules").glob("*.yaml")):
        text = re.sub(r"(?m)^(        for: \d+)m$", r"\1s", file.read_text())
        (folder / file.name).write_text(text)
    return f"global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\nrule_files: [{folder}/*.yaml]\n"


def firing(prometheus, **labels):
    found = prometheus.ask("alerts")["alerts"]
    return {alert["labels"]["alertname"] for alert in found
            if alert["state"] == "firing" and labels.items() <= alert["labels"].items()}
