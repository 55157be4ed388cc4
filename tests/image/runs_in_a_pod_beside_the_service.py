"""In an injected Pod, run by podman, the sidecar runs beside the fake service. Its root is read-only, it is
user 65532 without a capability, and has 64 MiB of memory. It logs in with the mounted secrets, Prometheus
scrapes it, its own checks pass, and it stays small. With a wrong password an alert fires for each way in
which Prometheus finds the pod."""

import http.client
import json

import yaml

from stage import (IMAGE, ROOT, USER, Memory, Pod, check, command, harness, playable, readable_by_all, run,
                   wait_for)
from harness.alerts import FILES, POD_MONITOR, firing, in_seconds
from harness.discovery import found_in_files, of_pod_monitor, played

IDLE, LARGE = 10_000_000, 24_000_000  # bytes of resident memory
MEGABYTES = 200  # of the large page
TARGET = harness.TARGET
CONFIG = f"""
targets:
  - name: "{TARGET}"
    preset: whatsapp
    url: https://localhost:8443
    tls_config: {{ ca_file: /tls/ca.crt, cert_file: /tls/tls.crt, key_file: /tls/tls.key, server_name: whatsapp-web }}
    credentials: {{ file: {{ directory: /credentials }} }}
    scrape_timeout: 2m
    body_size_limit: 0
    pages: [{{ path: /metrics, format: text, params: {{ format: [prometheus] }} }}]
"""


OF_ONE_TARGET = {"target-name": TARGET, "target-url": "https://localhost:8443", "preset": "whatsapp",
                 "target-server-name": "whatsapp-web"}
OF_A_FILE = {"config-map": "large-pages"}
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "large-pages"},
              "data": {"postern.yml": CONFIG}}


def injected(name: str, annotations: dict) -> dict:
    """tests/image/pod.yaml after the injector of this image."""
    pod = yaml.safe_load((ROOT / "tests/image/pod.yaml").read_text())
    pod["metadata"]["name"] = name
    pod["metadata"]["annotations"] = {f"postern.io/{key}": value for key, value in annotations.items()} | {
        "postern.io/tls-secret": "postern-tls", "postern.io/credentials-secret": "postern-credentials"}
    return json.loads(command("podman", "run", "--rm", "--interactive", IMAGE, "inject", "--pod=-",
                              "--native-sidecar=false", f"--inject.image={IMAGE}", given=json.dumps(pod)))


def check_alerts(stage, found):
    """PosternLoginRejected fires with the PodMonitor and with annotations."""
    ways = {"annotations": yaml.safe_load((FILES / "scrape/annotations.yml").read_text())["scrape_configs"],
            "PodMonitor": of_pod_monitor(yaml.safe_load(POD_MONITOR.read_text()))}
    settings = in_seconds(stage.folder_for("rules"))
    for way, configs in ways.items():
        prometheus = stage.prometheus(yaml.safe_dump(found_in_files(configs, [found], stage.folder_for("pods"))),
                                      settings)
        wait_for(lambda: "PosternLoginRejected" in firing(prometheus, pod=found.name, target=TARGET),
                 f"PosternLoginRejected by {way}", 60)
        prometheus.stop()


def check_confined(pod):
    container = pod.container("postern")
    check(container["HostConfig"]["ReadonlyRootfs"], "its root is read-only")
    check(container["HostConfig"]["Memory"] == 64 << 20, "64 MiB of memory")
    with open(f"/proc/{pod.pid('postern')}/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    check(set(status["Uid"].split()) == set(status["Gid"].split()) == {str(USER)}, f"it is {USER}: {status}")
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check(int(status[capabilities], 16) == 0, f"it has no capability: {status}")
    check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "it is confined")
    check("sandbox in force" in pod.logs("postern"), "the sandbox is on")


def drained(address: str) -> int:
    """The bytes of the page, which must be complete."""
    connection = http.client.HTTPConnection(address, 3000, timeout=120)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    check(answer.status == 200, f"{answer.status} {answer.reason}")
    total = 0
    while block := answer.read(1 << 20):
        total += len(block)
    return total


def scenario(stage):
    server = stage.folder_for("server")
    pair = stage.authority.issue("whatsapp-web")
    for name, file in (("ca.crt", stage.authority.certificate), ("tls.crt", pair.certificate),
                       ("tls.key", pair.key)):
        (server / name).write_bytes(file.read_bytes())
    secrets = {"whatsapp-server": server, "postern-tls": stage.tls_folder(),
               "postern-credentials": stage.credentials_folder()}
    readable_by_all(*secrets.values())
    stage.folder.chmod(0o711)

    def play(objects):
        for number, thing in enumerate(objects):
            if thing["kind"] == "Pod":
                thing["spec"]["containers"][0]["args"] += ["--password", harness.PASSWORD]
                objects[number] = playable(thing, secrets)
        pod = Pod(objects, stage.folder_for("pod"))
        stage.owns(pod)
        wait_for(lambda: pod.ask(3000, "/-/ready")[0] == 200, f"ready: {pod.logs('postern')}", 30)
        wait_for(lambda: pod.ask(8444, "/counters")[0] == 200, f"the service is up: {pod.logs('web')}", 30)
        return pod

    pod = play([injected("beside-the-service", OF_ONE_TARGET)])
    check_confined(pod)
    idle = Memory(pod.pid("postern")).resident()
    prometheus = stage.prometheus(
        "- job_name: whatsapp\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
        f"  metrics_path: /metrics/{TARGET}\n"
        f"  static_configs: [{{ targets: ['{pod.address}:3000'] }}]\n")
    wait_for(lambda: prometheus.target().get("health") == "up", "Prometheus scrapes it", 30)
    wait_for(lambda: prometheus.ask("query?query=whatsapp_cluster_health")["result"],
             "and has the service's series", 30)
    check(json.loads(pod.ask(8444, "/counters")[1])["logins"] == 1, "by one login")
    check("postern is healthy" in pod.execute("postern", "/usr/bin/postern", "check", "--live"), "it lives")
    pod.execute("postern", "/usr/bin/postern", "check")
    for name, text in stage.secrets.items():
        check(text not in pod.logs("postern"), f"{name} is not in the log")
    pod.stop()

    manifest = injected("with-a-wrong-password", OF_ONE_TARGET)
    secrets["postern-credentials"] = stage.credentials_folder("not-the-one")
    readable_by_all(secrets["postern-credentials"])
    pod = play([manifest])
    check_alerts(stage, played(manifest, pod.address))
    pod.stop()

    secrets["postern-credentials"] = stage.credentials_folder()
    readable_by_all(secrets["postern-credentials"])
    pod = play([CONFIG_MAP, injected("with-large-pages", OF_A_FILE)])
    pod.ask(8444, "/provoke", "POST", {"path": "/metrics", "megabytes": MEGABYTES})
    memory = Memory(pod.pid("postern"))
    total = drained(pod.address)
    check(total > MEGABYTES << 20, f"the large page comes through: {total} bytes")
    print(f"resident memory: {idle / 1e6:.1f} MB idle, at most {memory.peak() / 1e6:.1f} MB"
          f" while a page of {total / 1e6:.0f} MB goes through", flush=True)
    check(memory.peak() <= LARGE, "during a large page it is small")
    check(idle <= IDLE, "idle it is smaller yet")


run(scenario)
