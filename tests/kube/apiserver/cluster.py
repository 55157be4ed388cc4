"""A private Kubernetes API server with etcd and without nodes: it creates and returns objects, and calls
admission webhooks."""

import base64
import http.client
import json
import os
import pathlib
import random
import ssl
import subprocess

from harness import check, free_port, wait_for
from harness.process import Process

ROOT = pathlib.Path(__file__).resolve().parents[3]
NAMESPACE = "postern-system"  # as in tests/kube/harness/chart.mjs

_GROUPS = {"v1": "/api/v1"}
# The API path of each kind, and whether it is namespaced.
_PLURALS = {
    "Namespace": ("namespaces", False), "Pod": ("pods", True), "Secret": ("secrets", True),
    "ConfigMap": ("configmaps", True), "Service": ("services", True), "Node": ("nodes", False),
    "ServiceAccount": ("serviceaccounts", True), "Role": ("roles", True),
    "RoleBinding": ("rolebindings", True), "ClusterRole": ("clusterroles", False),
    "ClusterRoleBinding": ("clusterrolebindings", False),
    "MutatingWebhookConfiguration": ("mutatingwebhookconfigurations", False),
}


def chart_objects(stage, values: dict) -> list[dict]:
    """The objects of the chart with these values."""
    file = stage.folder_for("values") / "values.json"
    file.write_text(json.dumps(values))
    done = subprocess.run(["node", pathlib.Path(__file__).parent / "objects.mjs", file],
                          capture_output=True, text=True)
    check(done.returncode == 0, f"the chart renders: {done.stderr}")
    return json.loads(done.stdout)


def path_of(kind: str, version: str, namespace: str = "", name: str = "") -> str:
    plural, namespaced = _PLURALS[kind]
    path = _GROUPS.get(version, f"/apis/{version}")
    if namespaced:
        path += f"/namespaces/{namespace}"
    return f"{path}/{plural}" + (f"/{name}" if name else "")


class Asker:
    """One keep-alive connection to the API server, with one token."""

    def __init__(self, port: int, authority: pathlib.Path, token: str):
        context = ssl.create_default_context(cafile=authority)
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=40,
                                                       context=context)
        self._token = token

    def ask(self, method: str, path: str, body=None, content_type="application/json"):
        """Status and document of the response."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        return response.status, json.loads(text) if text.startswith("{") else text

    def make(self, thing: dict, dry: bool = False):
        """Status and document: the object as accepted, or a Status with the reason."""
        path = path_of(thing["kind"], thing["apiVersion"],
                       thing["metadata"].get("namespace", "default"))
        return self.ask("POST", path + ("?dryRun=All" if dry else ""), thing)

    def must(self, method: str, path: str, body=None, **options) -> dict:
        status, document = self.ask(method, path, body, **options)
        check(status in (200, 201), f"{method} {path} is done, not {status} {document}")
        return document


class Cluster:
    def __init__(self, stage):
        self._stage = stage
        self.authority = stage.authority.certificate
        # Services have loopback addresses, at which the webhooks listen.
        self._network = f"127.{random.randrange(16, 250)}.{random.randrange(250)}"
        self._next_address = 10
        self._start_etcd()
        self._start_api_server()

    def _start_etcd(self):
        folder = self._stage.folder_for("etcd")
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._etcd = client
        self._owned(Process(folder, [
            "etcd", f"--data-dir={folder}/data", f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"]))

    def _start_api_server(self):
        folder = self._stage.folder_for("kube-apiserver")
        pair = self._stage.authority.issue("127.0.0.1")
        accounts = self._stage.authority.issue("service-accounts")
        self._admin_token = self._stage.secret("administrator's token", os.urandom(16).hex())
        (folder / "tokens.csv").write_text(f"{self._admin_token},admin,admin,system:masters\n")
        self.port = free_port()
        program = pathlib.Path(os.environ.get("POSTERN_KUBE_APISERVER",
                                              ROOT / "build-kube-apiserver" / "kube-apiserver"))
        check(program.exists(), f"{program} is there: tests/kube/apiserver/build.sh builds it")
        self._process = self._owned(Process(folder, [
            program, f"--etcd-servers={self._etcd}", "--bind-address=127.0.0.1",
            f"--secure-port={self.port}", f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}", f"--cert-dir={folder}",
            f"--service-cluster-ip-range={self._network}.0/24", "--endpoint-reconciler-type=none",
            f"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC",
            f"--service-account-key-file={accounts.certificate}",
            f"--service-account-signing-key-file={accounts.key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            # This plugin makes pods wait for objects that only a controller creates.
            "--disable-admission-plugins=ServiceAccount"]))
        wait_for(self._ready, "the API server is ready", seconds=120)

    def _owned(self, process: Process) -> Process:
        self._stage.owns(process)
        return process

    def _ready(self) -> bool:
        check(self._process.running(), "the API server keeps running")
        try:
            return self.admin().ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def admin(self) -> Asker:
        return Asker(self.port, self.authority, self._admin_token)

    def free_address(self) -> str:
        """An address in the network of Services."""
        self._next_address += 1
        return f"{self._network}.{self._next_address}"

    def make_namespace(self, name: str):
        # Since 1.21 the API server sets this label itself.
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": name, "labels": {"kubernetes.io/metadata.name": name}}})

    def apply(self, thing: dict):
        status, document = self.admin().make(thing)
        check(status == 201, f"{thing['kind']} {thing['metadata']['name']} is made: {document}")

    def token_for(self, account: str) -> str:
        """A token of this service account, as the kubelet mounts it."""
        path = path_of("ServiceAccount", "v1", NAMESPACE, account) + "/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.admin().must("POST", path, body)["status"]["token"]
        return self._stage.secret("token of the service account", token)

    def read(self, kind: str, version: str, name: str, namespace: str = NAMESPACE) -> dict:
        return self.admin().must("GET", path_of(kind, version, namespace, name))


def decoded(text: str) -> str:
    return base64.b64decode(text).decode()
