"""Shared by the tests of rules and dashboards: promtool, and the names in an expression."""

import pathlib
import re
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).parents[2]
FILES = ROOT / "helm/files"

# Of Prometheus itself.
_PROMETHEUS = {"up", "ALERTS"}
# Of kube-state-metrics; the last one needs its --metric-labels-allowlist.
_KUBE_STATE_METRICS = {"kube_pod_container_info", "kube_pod_init_container_info", "kube_pod_status_phase",
                       "kube_pod_labels"}
# Of the injector.
_INJECTOR = {"postern_inject_requests_total", "postern_inject_missed_pods", "postern_inject_native_sidecar",
             "postern_inject_api_requests_total", "postern_inject_certificate_not_after_timestamp_seconds"}

# Of the pages of guarded services.
_SERVICES = {"whatsapp_cluster_health", "whatsapp_node_up"}

_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}


def rules(kind: str) -> list[dict]:
    """All rules of this kind ("alert" or "record")."""
    return [rule for file in sorted((FILES / "rules").glob("*.yaml"))
            for group in yaml.safe_load(file.read_text())["groups"]
            for rule in group["rules"] if kind in rule]


def metric_names(expression: str) -> set[str]:
    """The metric names in a PromQL expression."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", text)
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    found = re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*\b(?!\s*\()", text)
    return {name for name in found if name.lower() not in _WORDS}


def without_cluster(expression: str) -> list[str]:
    """All `by` and `on` clauses without the label cluster."""
    return [found[0] for found in re.finditer(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
            if "cluster" not in re.split(r"[\s,]+", found[1])]


def known_metrics() -> set[str]:
    """Names in the table of daemon/web/README.md, of the injector, of the recording rules, and of other
    exporters."""
    readme = (ROOT / "daemon/web/README.md").read_text()
    named = set(re.findall(r"\b((?:postern|process)_[a-z_]+[a-z])", readme))
    for name in list(named):
        if name.endswith("_duration_seconds"):
            named |= {name + "_bucket", name + "_sum", name + "_count"}
    # "..._not_before_..." there
    named.add("postern_certificate_not_before_timestamp_seconds")
    recorded = {rule["record"] for rule in rules("record")}
    return named | recorded | _INJECTOR | _SERVICES | _PROMETHEUS | _KUBE_STATE_METRICS


def promtool(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True)


def complaints(expressions: dict[str, str]) -> str:
    """promtool's errors for these expressions, by name; empty if all of them parse."""
    groups = [{"name": name, "rules": [{"record": "parsed", "expr": expression}]}
              for name, expression in expressions.items()]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "rules.yml"
        file.write_text(yaml.safe_dump({"groups": groups}))
        # --no-lint: only the syntax is checked; duplicate expressions are allowed.
        done = promtool("check", "rules", "--lint=none", file)
    return "" if done.returncode == 0 else done.stdout + done.stderr
