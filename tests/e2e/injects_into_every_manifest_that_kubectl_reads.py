"""`postern inject --pod` reads every manifest that kubectl reads and injects into each of its pods. An
ineffective request for a sidecar is an error, and nothing is printed."""

import json
import subprocess

import harness
from harness import check

_LABEL = 'labels: { postern.io/inject: "true" }'
_ANNOTATIONS = "annotations: { postern.io/target-url: \"https://localhost:8443\" }"
_SPEC = "spec: { containers: [{ name: app, image: app }] }"
_TEMPLATE = f"{{ metadata: {{ {_LABEL}, {_ANNOTATIONS} }}, {_SPEC} }}"
_POD = f"{{ apiVersion: v1, kind: Pod, metadata: {{ name: web, {_LABEL}, {_ANNOTATIONS} }}, {_SPEC} }}"
_ANCHORS = """
apiVersion: v1
kind: Pod
metadata:
  name: a
  labels: &l { postern.io/inject: "true", app: shop }
  annotations: { postern.io/target-url: "https://localhost:8443", postern.io/tls-secret: c }
spec:
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - { weight: 1, podAffinityTerm: { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: *l } } }
  containers:
    - { name: app, image: i }
"""


def workload(kind: str, template: str = _TEMPLATE, metadata: str = "{ name: web }") -> str:
    return f"{{ apiVersion: apps/v1, kind: {kind}, metadata: {metadata}, spec: {{ template: {template} }} }}"


def cron_job(template: str = _TEMPLATE) -> str:
    return ("{ apiVersion: batch/v1, kind: CronJob, metadata: { name: web }, "
            f"spec: {{ jobTemplate: {{ spec: {{ template: {template} }} }} }} }}")


# Manifest, and the number of sidecars in the output.
_READ = {
    "a pod in flow style": (_POD, 1),
    "a pod with a trailing line of dashes": (_POD + "\n---\n", 1),
    "a pod with anchors": (_ANCHORS, 1),
    "a template": (_TEMPLATE, 1),
    "a CronJob": (cron_job(), 1),
    "a List": (f"{{ apiVersion: v1, kind: List, items: [{_POD}, {workload('Job')}] }}", 2),
    "several documents": (f"---\n{_POD}\n---\n# none\n---\n{{ apiVersion: v1, kind: Service }}\n---\n"
                          f"{workload('Deployment')}\n---\n", 2),
    "a pod that declines": (_POD.replace('"true"', '"false"'), 0),
    "a pod without the label": (_POD.replace(_LABEL, "labels: {}").replace(_ANNOTATIONS, "annotations: {}"), 0),
    **{f"a {kind}": (workload(kind), 1)
       for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")},
}

# Manifest, and the error.
_REFUSED = {
    "a boolean instead of text": (_POD.replace('"true"', "true"),
                                 "metadata.labels.postern.io/inject is the boolean true, expected text"),
    "another value": (_POD.replace('"true"', '"yes"'),
                      'the label postern.io/inject is "yes", expected "true" for a sidecar or "false"'),
    "another value in a template": (workload("Deployment").replace('"true"', "enabled"),
                                    'the label postern.io/inject is "enabled"'),
    "annotations without the label": (_POD.replace(_LABEL, "labels: {}"),
                                      "gets no sidecar without the label postern.io/inject"),
    "a label that no pod gets": (
        workload("Deployment", f"{{ metadata: {{}}, {_SPEC} }}", f"{{ name: web, {_LABEL} }}"),
        "are in metadata of the Deployment, which no pod gets; expected them in the metadata of the pod's template"),
    "one of several": (f"{_POD}\n---\n{workload('Job').replace('web', 'late').replace('8443', 'x')}",
                       "Job late: postern.io/target-url"),
    "a duplicate key": (_POD.replace("name: web,", "name: web, name: web,"), "duplicate key `name`"),
    "a duplicate key in JSON": ('{"apiVersion": "v1", "kind": "Pod", "kind": "Pod"}',
                                           "duplicate key `kind`"),
    "no pod": ("{ apiVersion: v1, kind: Service }", "has no pod, expected a Pod, a workload such as a Deployment"),
    "nothing": ("---\n", "is empty, expected a manifest"),
}


def sidecars(value) -> int:
    """The number of container lists with a sidecar."""
    if isinstance(value, list):
        return sum(map(sidecars, value)) + any(isinstance(each, dict) and each.get("name") == "postern" and
                                               "livenessProbe" in each for each in value)
    return sum(map(sidecars, value.values())) if isinstance(value, dict) else 0


def scenario(stage):
    def inject(text):
        return subprocess.run([stage.build / "postern", "inject", "--pod=-", "--native-sidecar=true"],
                              input=text, capture_output=True, text=True)

    for what, (text, expected) in _READ.items():
        done = inject(text)
        check(done.returncode == 0, f"{what}: {done.stderr}")
        found = sidecars(json.loads(done.stdout))
        check(found == expected, f"{what}: {found} sidecars, expected {expected}")
    for what, (text, expected) in _REFUSED.items():
        done = inject(text)
        check(done.returncode == 1 and not done.stdout, f"{what}: {done.returncode} {done.stdout}")
        check(expected in done.stderr, f"{what}: {done.stderr}")


harness.run(scenario)
