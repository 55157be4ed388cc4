"""Shared by the scenarios of the image: the harness of tests/e2e, podman, and the image, which
tests/image/build.sh has built. They run as root."""

import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

import harness  # noqa: E402
from harness import check, wait_for  # noqa: E402

VERSION = re.search(r"^project\(postern VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(),
                    re.MULTILINE)[1]
IMAGE = f"localhost/postern:{VERSION}"
BUILD_STAGE = "localhost/postern-build"
LOOK_ALIKE = "localhost/look-alike"
USER = 65532

_STORAGE = pathlib.Path(os.environ.get("POSTERN_IMAGE_STORAGE", ROOT / "build-image"))
ENVIRONMENT = {**os.environ, "CONTAINERS_CONF": str(_STORAGE / "containers.conf"),
               "CONTAINERS_STORAGE_CONF": str(_STORAGE / "storage.conf"),
               "CONTAINERS_REGISTRIES_CONF": str(_STORAGE / "registries.conf")}


def command(*words, wanted: int = 0, given: str = "") -> str:
    """The output of the command for this input; fails unless it ends with the expected exit code."""
    done = subprocess.run([str(word) for word in words], env=ENVIRONMENT, capture_output=True, text=True,
                          input=given)
    check(done.returncode == wanted,
          f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def inspected(name: str) -> dict:
    return json.loads(command("podman", "inspect", name))[0]


def readable_by_all(*folders: pathlib.Path):
    """With the kubelet's mode 0444."""
    for folder in folders:
        folder.chmod(0o755)
        for file in folder.iterdir():
            file.chmod(0o444)


class Memory:
    """The status of the process with that id."""

    def __init__(self, pid: int):
        self._status = pathlib.Path(f"/proc/{pid}/status")

    def _bytes(self, key: str) -> int:
        return int(re.search(rf"^{key}:\s+(\d+) kB$", self._status.read_text(), re.MULTILINE)[1]) << 10

    def resident(self) -> int:
        return self._bytes("VmRSS")

    def peak(self) -> int:
        return self._bytes("VmHWM")


class Pod:
    """A Pod and its other objects, run by podman. `address` is the pod's address."""

    def __init__(self, objects: list[dict], folder: pathlib.Path):
        self._file = folder / "pod.json"
        self._file.write_text("\n---\n".join(json.dumps(thing, indent=1) for thing in objects))
        self.name = next(thing["metadata"]["name"] for thing in objects if thing["kind"] == "Pod")
        command("podman", "play", "kube", self._file)
        pod = json.loads(command("podman", "pod", "inspect", self.name))
        networks = inspected(pod["InfraContainerID"])["NetworkSettings"]["Networks"]
        self.address = next(iter(networks.values()))["IPAddress"]

    def container(self, name: str) -> dict:
        return inspected(f"{self.name}-{name}")

    def pid(self, name: str) -> int:
        return self.container(name)["State"]["Pid"]

    def execute(self, name: str, *words, wanted: int = 0) -> str:
        return command("podman", "exec", f"{self.name}-{name}", *words, wanted=wanted)

    def logs(self, name: str) -> str:
        done = subprocess.run(["podman", "logs", f"{self.name}-{name}"], env=ENVIRONMENT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout

    def ask(self, port: int, path: str, method: str = "GET", parameters=None):
        """Status and body of the response; status 0 while nobody listens."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        connection = http.client.HTTPConnection(self.address, port, timeout=60)
        try:
            connection.request(method, path + query)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def stop(self):
        """May be called twice."""
        if self._file.exists():
            command("podman", "play", "kube", "--down", self._file)
            self._file.unlink()


def playable(pod: dict, secrets: dict[str, pathlib.Path]) -> dict:
    """A Pod that podman 4.3 runs as a cluster does. podman mounts no optional secret, and leaves the others
    in base64. So `secrets` maps them to folders; an optional secret that is not among them is missing, while
    a cluster has an empty folder. The pod's name is the prefix of its volumes, as podman's volume names are
    global."""
    pod = json.loads(json.dumps(pod))
    mounts = [mount for container in pod["spec"]["containers"] for mount in container.get("volumeMounts", [])]
    for named in pod["spec"]["volumes"] + mounts:
        named["name"] = f"{pod['metadata']['name']}-{named['name']}"
    for volume in pod["spec"]["volumes"]:
        secret = volume.pop("secret", None)
        if secret and secret["secretName"] in secrets:
            volume["hostPath"] = {"path": str(secrets[secret["secretName"]]), "type": "Directory"}
        elif secret:
            volume["emptyDir"] = {}
    return pod


def run(scenario):
    check(os.geteuid() == 0, "root plays this, as the storage of the image is root's")
    for image in (IMAGE, BUILD_STAGE, LOOK_ALIKE):
        found = subprocess.run(["podman", "image", "exists", image], env=ENVIRONMENT).returncode == 0
        check(found, f"{image} is there: tests/image/build.sh builds it")
    harness.run(scenario)


__all__ = ["BUILD_STAGE", "ENVIRONMENT", "IMAGE", "LOOK_ALIKE", "Memory", "Pod", "ROOT",
           "USER", "VERSION", "check", "command", "harness", "inspected", "playable", "readable_by_all",
           "run", "wait_for"]
