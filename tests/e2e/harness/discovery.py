"""How Prometheus finds pods. Debian's build lacks kubernetes_sd: files with the labels that it would give
replace it; everything after it is unchanged."""

import copy
import dataclasses
import json
import pathlib
import re


@dataclasses.dataclass
class Port:
    number: int
    name: str = ""
    container: str = "app"
    init: bool = False


@dataclasses.dataclass
class Pod:
    """The labels of one pod in discovery of role `pod`."""
    name: str
    ports: list[Port]
    ip: str = "127.0.0.1"
    namespace: str = "sales"
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    annotations: dict[str, str] = dataclasses.field(default_factory=dict)
    phase: str = "Running"

    def targets(self) -> list[dict]:
        """One target for each port, in the format of file_sd."""
        of_pod = {"namespace": self.namespace, "pod_name": self.name, "pod_ip": self.ip, "pod_phase": self.phase,
                  "pod_ready": "true"}
        for kind, entries in (("label", self.labels), ("annotation", self.annotations)):
            for name, value in entries.items():
                of_pod[f"pod_{kind}_{_sanitized(name)}"] = value
                of_pod[f"pod_{kind}present_{_sanitized(name)}"] = "true"
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        found = []
        for port in self.ports:
            labels = {**of_pod, "pod_container_name": port.container, "pod_container_port_name": port.name,
                      "pod_container_port_number": str(port.number), "pod_container_port_protocol": "TCP",
                      "pod_container_init": str(port.init).lower()}
            found.append({"targets": [f"{host}:{port.number}"],
                          "labels": {"__meta_kubernetes_" + name: value for name, value in labels.items()}})
        return found


def injected(name: str, port: int, **keys) -> Pod:
    """An injected pod, with postern on that port."""
    keys.setdefault("annotations", {"prometheus.io/scrape": "true", "prometheus.io/port": str(port),
                                    "prometheus.io/path": "/metrics", "prometheus.io/scheme": "http"})
    labels = {"postern.io/inject": "true", "postern.io/status": "injected"}
    return Pod(name, [Port(8080, "web"), Port(port, "postern", "postern")], labels=labels, **keys)


def played(manifest: dict, ip: str) -> Pod:
    """A pod of this manifest, running at this address."""
    ports = [Port(port["containerPort"], port.get("name", ""), container["name"])
             for container in manifest["spec"]["containers"] for port in container.get("ports", [])]
    metadata = manifest["metadata"]
    return Pod(metadata["name"], ports, ip, labels=metadata.get("labels", {}),
               annotations=metadata.get("annotations", {}))


def found_in_files(scrape_configs: list[dict], pods: list[Pod], folder: pathlib.Path) -> list[dict]:
    """The same scrape configurations, so that they find these pods."""
    file = folder / "pods.json"
    file.write_text(json.dumps([target for pod in pods for target in pod.targets()]))
    found = copy.deepcopy(scrape_configs)
    for config in found:
        del config["kubernetes_sd_configs"]
        config["file_sd_configs"] = [{"files": [str(file)]}]
    return found


def of_pod_monitor(monitor: dict) -> list[dict]:
    """The Prometheus operator's scrape configuration of a PodMonitor, for the fields that the chart uses."""
    name, namespace, spec = monitor["metadata"]["name"], monitor["metadata"]["namespace"], monitor["spec"]
    configs = []
    for number, endpoint in enumerate(spec["podMetricsEndpoints"]):
        rules = [{"source_labels": ["job"], "target_label": "__tmp_prometheus_job_name"},
                 {"source_labels": ["__meta_kubernetes_pod_phase"], "action": "drop", "regex": "(Failed|Succeeded)"}]
        for label, value in spec["selector"]["matchLabels"].items():
            meta = _sanitized(label)
            rules.append({"source_labels": [f"__meta_kubernetes_pod_label_{meta}",
                                            f"__meta_kubernetes_pod_labelpresent_{meta}"],
                          "action": "keep", "regex": f"({value});true"})
        rules.append({"source_labels": ["__meta_kubernetes_pod_container_port_name"], "action": "keep",
                      "regex": endpoint["port"]})
        for source, target in (("namespace", "namespace"), ("pod_container_name", "container"), ("pod_name", "pod")):
            rules.append({"source_labels": [f"__meta_kubernetes_{source}"], "target_label": target})
        rules += [{"target_label": "job", "replacement": f"{namespace}/{name}"},
                  {"target_label": "endpoint", "replacement": endpoint["port"]}]
        rules += [{_SPELLED.get(key, key): value for key, value in rule.items()}
                  for rule in endpoint.get("relabelings", [])]
        configs.append({"job_name": f"podMonitor/{namespace}/{name}/{number}",
                        "kubernetes_sd_configs": [{"role": "pod"}], "metrics_path": endpoint.get("path", "/metrics"),
                        "scheme": endpoint.get("scheme", "http"), "honor_labels": endpoint.get("honorLabels", False),
                        "relabel_configs": rules})
    return configs


_SPELLED = {"sourceLabels": "source_labels", "targetLabel": "target_label"}


def _sanitized(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)
