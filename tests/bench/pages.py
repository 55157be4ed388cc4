"""Deterministic pages as exporters serve them: a small one like node_exporter's, and large ones like
kube-state-metrics'."""

import random

_POD_METRICS = (
    ("kube_pod_info", "gauge", "Information about pod."),
    ("kube_pod_created", "gauge", "Unix creation timestamp"),
    ("kube_pod_status_phase", "gauge", "The pods current phase."),
    ("kube_pod_container_status_restarts_total", "counter",
     "The number of container restarts per container."),
    ("kube_pod_container_resource_limits", "gauge",
     "The number of requested limit resource by a container."),
    ("container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed."),
)
_APPS = ("billing", "checkout", "gateway", "ingress-nginx", "kafka-broker", "webhook-sender")


def _node_lines():
    yield "# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.\n"
    yield "# TYPE node_cpu_seconds_total counter\n"
    draw = random.Random(1)
    for cpu in range(16):
        for mode in ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"):
            labels = f'cpu="{cpu}",mode="{mode}"'
            yield f"node_cpu_seconds_total{{{labels}}} {draw.uniform(0, 9e5):.2f}\n"
    for family in ("bytes_total", "packets_total", "errs_total", "drop_total"):
        for way in ("receive", "transmit"):
            name = f"node_network_{way}_{family}"
            yield f"# HELP {name} Network device statistic {way}_{family[:-6]}.\n"
            yield f"# TYPE {name} counter\n"
            for device in ("cni0", "eth0", "flannel.1", "lo", "veth0a1b2c3d"):
                yield f'{name}{{device="{device}"}} {draw.randrange(10**12)}\n'
    number = 0
    while True:
        name = f"node_memory_Region{number}_bytes"
        yield f"# HELP {name} Memory information field Region{number}_bytes.\n"
        yield f"# TYPE {name} gauge\n"
        yield f"{name} {draw.randrange(1 << 36):.9e}\n"
        number += 1


def _pod(draw) -> str:
    app = draw.choice(_APPS)
    return (f'namespace="team-{draw.randrange(40)}",pod="{app}-{draw.randrange(1 << 40):010x}",'
            f'uid="{draw.randrange(1 << 64):016x}",container="{app}",'
            f'node="node-{draw.randrange(90)}"')


def _cluster_lines(size: int):
    draw = random.Random(2)
    pods = [_pod(draw) for _ in range(size // 145 // len(_POD_METRICS))]
    for name, kind, help_text in _POD_METRICS:
        yield f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"
        for pod in pods:
            value = draw.choice(("0", "1", "1.700000012e+09", f"{draw.uniform(0, 1e4):.3f}"))
            yield f"{name}{{{pod}}} {value}\n"
    while True:
        yield f"kube_pod_labels{{{_pod(draw)}}} 1\n"


def _cut(lines, size: int) -> str:
    text = []
    length = 0
    for line in lines:
        length += len(line)
        if length > size:
            return "".join(text)
        text.append(line)


def node_page(size: int) -> str:
    """At most `size` bytes, whole lines."""
    return _cut(_node_lines(), size)


def pod_page(size: int, pod: str) -> str:
    """Like node_page(), with series that no other pod has."""
    def labelled(line: str) -> str:
        if line.startswith("#"):
            return line
        name, brace, labels = line.partition("{")
        if brace:
            return f'{name}{{pod="{pod}",{labels}'
        name, value = line.split(" ")
        return f'{name}{{pod="{pod}"}} {value}'

    return _cut(map(labelled, _node_lines()), size)


def cluster_page(size: int) -> str:
    """At most `size` bytes, whole lines."""
    return _cut(_cluster_lines(size), size)
