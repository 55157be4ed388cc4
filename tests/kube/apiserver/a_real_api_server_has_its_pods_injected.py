"""A real API server with the objects of the chart, and `postern inject` with their permissions. Labeled pods
get the sidecar, older pods are counted, and without the injector labeled pods are refused. The renewal of its
certificate fails no request."""

import pathlib
import re
import shutil
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.request

_HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "e2e")]

import harness
from cluster import NAMESPACE, Cluster, chart_objects, decoded, path_of
from harness import check, wait_for
from harness.metrics import Metrics
from harness.process import Process, free_port

_WEBHOOKS = "admissionregistration.k8s.io/v1"
_LIFE = 30  # seconds: long enough for an API server that shares its processors


def pod(name: str, labelled: bool = True, **spec) -> dict:
    labels = {"postern.io/inject": "true"} if labelled else {}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": "shop", **labels},
                         "annotations": {"postern.io/tls-secret": "shop-tls",
                                         "postern.io/credentials-secret": "shop-login",
                                         "postern.io/target-url": "https://127.0.0.1:8443"}},
            "spec": {"containers": [{"name": "shop", "image": "shop:1"}], **spec}}


class Injector:
    """`postern inject` with the chart's flags, at its own address."""

    def __init__(self, stage, cluster, flags, mounted, address):
        self.address = address
        self._health = free_port()
        kept = [flag for flag in flags if not flag.startswith("--web.")]
        self._folder = stage.folder_for("injector")
        self._arguments = [
            stage.build / "postern", "inject", *kept, f"--web.listen-address={address}:443",
            f"--web.health-address=127.0.0.1:{self._health}", f"--kube.api-server={cluster.url}",
            f"--kube.token-file={mounted}/token", f"--kube.ca-file={mounted}/ca.crt",
            f"--inject.certificate-life={_LIFE}s"]
        stage.owns(self)
        self.start()

    def start(self):
        self.process = Process(self._folder, self._arguments, {})

    def ask(self, path: str):
        """Status and text of the response."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health}{path}", timeout=10) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            check(self.process.running(), "the injector keeps running")
            return 0, ""

    def wait_until_ready(self):
        wait_for(lambda: self.ask("/-/ready")[0] == 200, "the injector is ready", seconds=30)

    def metrics(self) -> Metrics:
        return Metrics(self.ask("/-/metrics")[1])

    def not_after(self) -> float:
        return self.metrics().value("postern_inject_certificate_not_after_timestamp_seconds")

    def stop(self) -> int:
        return self.process.stop()


class Repeated:
    """Repeats an action on its own thread until stop()."""

    def __init__(self, work):
        self.count, self.failures = 0, []
        self._work, self._over = work, threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)
        self._thread.start()

    def _repeat(self):
        while not self._over.is_set():
            try:
                failure = self._work()
            except Exception as broken:  # the scenario reports every failure
                failure = repr(broken)
            self.count += 1
            if failure:
                self.failures.append(failure)
            self._over.wait(0.01)

    def stop(self):
        self._over.set()
        self._thread.join()


def install(stage, cluster):
    """Creates the chart's objects that matter to an API server without controllers. Returns the flags of the
    injector, its folder of the service account, and the address of its Service."""
    objects = chart_objects(stage, {})
    address = cluster.free_address()
    for thing in objects:
        if thing["kind"] in ("Deployment", "PodDisruptionBudget", "Pod"):
            continue
        if thing["kind"] == "Service":
            thing["spec"]["clusterIP"] = address
        cluster.apply(thing)
    deployment = next(thing for thing in objects if thing["kind"] == "Deployment")
    inside = deployment["spec"]["template"]["spec"]
    mounted = stage.folder_for("service-account")
    (mounted / "token").write_text(cluster.token_for(inside["serviceAccountName"]))
    shutil.copy(cluster.authority, mounted / "ca.crt")
    command, *flags = inside["containers"][0]["args"]
    check(command == "inject", "the container injects")
    return flags, mounted, address


def refuses_without_injector(cluster):
    status, document = cluster.admin().make(pod("late"), dry=True)
    check(status == 500 and "pods.postern.io" in document["message"],
          f"a labeled pod is refused with the webhook's name, not {status} {document}")
    status, _ = cluster.admin().make(pod("plain", labelled=False), dry=True)
    check(status == 201, "a pod without the label is admitted")


def injects(cluster):
    status, made = cluster.admin().make(pod("web"))
    check(status == 201, f"a labeled pod is admitted: {made}")
    check(made["metadata"]["labels"]["postern.io/status"] == "injected", "its label says so")
    names = [container["name"] for container in made["spec"]["containers"]]
    check(names == ["shop", "postern"] and "initContainers" not in made["spec"],
          f"the sidecar is a plain container beside the other, not {names}")
    sidecar = made["spec"]["containers"][1]
    environment = {entry["name"]: entry.get("value") for entry in sidecar["env"]}
    check(environment["POSTERN_TARGET_URL"] == "https://127.0.0.1:8443", "it knows its target")
    secrets = {volume["secret"]["secretName"] for volume in made["spec"]["volumes"]
               if "secret" in volume}
    check(secrets == {"shop-tls", "shop-login"}, f"it has its secrets, not {secrets}")
    return made


def changes_nothing_twice(cluster, made):
    admin = cluster.admin()
    admin.must("DELETE", path_of("Pod", "v1", "shop", "web") + "?gracePeriodSeconds=0")
    again = {"apiVersion": "v1", "kind": "Pod", "spec": made["spec"],
             "metadata": {key: made["metadata"][key]
                          for key in ("name", "namespace", "labels", "annotations")}}
    twice = admin.must("POST", path_of("Pod", "v1", "shop"), again)
    check(twice["spec"] == made["spec"], "the pod that has its sidecar keeps it as it is")
    check(all(twice["metadata"][key] == made["metadata"][key] for key in ("labels", "annotations")),
          "and its labels and annotations")


def refuses_what_is_wrong(cluster):
    status, document = cluster.admin().make(pod("job", restartPolicy="Never"), dry=True)
    check(status == 422 and "restartPolicy" in document["message"],
          f"a pod that would never end is refused with the reason, not {status} {document}")
    bad = {"apiVersion": "v1", "kind": "ConfigMap",
           "metadata": {"name": "config", "namespace": "shop",
                        "labels": {"postern.io/config": "true"}},
           "data": {"postern.yml": "targetz: []\n"}}
    status, document = cluster.admin().make(bad, dry=True)
    check(status == 422 and "targetz" in document["message"],
          f"a bad configuration is refused with its mistake, not {status} {document}")


def value_of(flags: list[str], name: str) -> str:
    return next(flag.split("=", 1)[1] for flag in flags if flag.startswith(f"--{name}="))


def bundles_of(cluster, flags) -> set[str]:
    webhook = cluster.read("MutatingWebhookConfiguration", _WEBHOOKS,
                           value_of(flags, "inject.webhook"))
    return {decoded(entry["clientConfig"]["caBundle"]) for entry in webhook["webhooks"]}


def greets(cluster, flags, address: str):
    """A handshake with the API server's current trust; the error if it fails."""
    context = ssl.create_default_context(cadata=bundles_of(cluster, flags).pop())
    name = f"{value_of(flags, 'inject.service')}.{NAMESPACE}.svc"
    try:
        with socket.create_connection((address, 443), timeout=20) as connection:
            context.wrap_socket(connection, server_hostname=name).close()
    except ssl.SSLError as failure:
        return f"{address}: {failure}"
    return None


def renews_unnoticed(cluster, injectors, flags):
    admin = cluster.admin()

    def posts():
        status, document = admin.make(pod("web-again"), dry=True)
        return None if status == 201 else f"{status} {document}"

    first = injectors[0].not_after()
    watched = [Repeated(posts), *(Repeated(lambda one=one: greets(cluster, flags, one.address))
                                  for one in injectors)]
    seen = set()

    def renewed(times: int):
        seen.update(bundle.count("BEGIN CERTIFICATE") for bundle in bundles_of(cluster, flags))
        return all(one.not_after() > first + times * _LIFE / 2 for one in injectors)

    wait_for(lambda: renewed(1), "both replicas serve a renewed certificate", seconds=3 * _LIFE)
    # A broken Secret is overwritten, and no request fails.
    secret = path_of("Secret", "v1", NAMESPACE, value_of(flags, "inject.secret"))
    broken = {"data": {"tls.crt": "bm9uZQ=="}}
    cluster.admin().must("PATCH", secret, broken, content_type="application/merge-patch+json")
    wait_for(lambda: cluster.admin().must("GET", secret)["data"]["tls.crt"] != "bm9uZQ==",
             "the Secret is overwritten", seconds=_LIFE)
    wait_for(lambda: renewed(2), "both replicas serve the next one", seconds=3 * _LIFE)
    for one in watched:
        one.stop()
    check(seen >= {2}, f"caBundle had the old and the new CA together, not {seen}")
    check(len(bundles_of(cluster, flags)) == 1, "every entry has the same caBundle")
    for one in watched:
        check(one.count > 50 and not one.failures,
              f"none of {one.count} is refused, but {one.failures[:3]}")
    print(f"{watched[0].count} posts and {watched[1].count + watched[2].count} handshakes "
          "during renewals, none refused")


def scenario(stage):
    cluster = Cluster(stage)
    for name in (NAMESPACE, "shop"):
        cluster.make_namespace(name)
    status, early = cluster.admin().make(pod("early"))
    check(status == 201 and len(early["spec"]["containers"]) == 1, "nobody injects yet")
    flags, mounted, address = install(stage, cluster)
    wait_for(lambda: cluster.admin().make(pod("late"), dry=True)[0] == 500,
             "the API server knows its webhook")
    refuses_without_injector(cluster)

    addresses = [address, cluster.free_address()]
    injectors = [Injector(stage, cluster, flags, mounted, one) for one in addresses]
    for one in injectors:
        one.wait_until_ready()
    wait_for(lambda: injectors[0].metrics().value("postern_inject_missed_pods",
                                                  namespace="shop") == 1,
             "the pod that was made before is missed")
    wait_for(lambda: cluster.admin().make(pod("web"), dry=True)[0] == 201,
             "the API server uses caBundle")
    changes_nothing_twice(cluster, injects(cluster))
    refuses_what_is_wrong(cluster)
    check(injectors[0].metrics().value("postern_inject_native_sidecar") == 0,
          "1.20 has no native sidecars")

    renews_unnoticed(cluster, injectors, flags)
    for one in injectors:
        asked = {result: one.metrics().value("postern_inject_api_requests_total", result=result)
                 for result in ("ok", "refused", "failed")}
        check(asked["ok"] > 10 and asked["refused"] == asked["failed"] == 0,
              f"the API server granted all its requests, but {asked}")

    for one in injectors:
        begin = time.monotonic()
        one.process.send(signal.SIGTERM)
        check(one.process.wait() == 0, "the injector ends on SIGTERM")
        check(time.monotonic() - begin < 5, "and soon")
    refuses_without_injector(cluster)

    key = decoded(cluster.read("Secret", "v1", value_of(flags, "inject.secret"))["data"]["tls.key"])
    stage.secret("key of the webhook", key.splitlines()[1])
    for one in injectors:
        said = one.process.output()
        check(not re.search("|".join(map(re.escape, stage.secrets.values())), said),
              "the log contains no secret")
        check("the sandbox refused" not in said, "the sandbox refuses nothing")
        check(len(said.splitlines()) < 80, "the log has changes, not attempts")


if __name__ == "__main__":
    harness.run(scenario)
