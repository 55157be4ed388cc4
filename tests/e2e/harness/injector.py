"""The admission webhook: starts it, and sends requests as the API server does."""

import base64
import copy
import http.client
import json
import os
import pathlib
import re
import ssl
import urllib.request

from .metrics import Metrics
from .process import Process, check, free_port, wait_for

JSON = {"Content-Type": "application/json"}
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"

_POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"generateName": "web-", "labels": {"app": "web", "postern.io/inject": "true"},
                 "annotations": {"postern.io/target-url": "https://localhost:8443",
                                 "postern.io/preset": "whatsapp",
                                 "postern.io/tls-secret": "web-tls",
                                 "postern.io/credentials-secret": "web-login"}},
    "spec": {"containers": [{"name": "web", "image": "registry.example/web:7",
                             "ports": [{"containerPort": 8443}]}]},
}


def pod(**annotations: str) -> dict:
    """A pod that asks for a sidecar; `port="x"` is its annotation postern.io/port."""
    made = copy.deepcopy(_POD)
    for key, value in annotations.items():
        made["metadata"]["annotations"]["postern.io/" + key.replace("_", "-")] = value
    return made


def review_of(thing: dict, **more) -> dict:
    """The AdmissionReview that the API server would send; `more` is added to its request."""
    request = {"uid": UID, "kind": {"group": "", "version": "v1", "kind": thing["kind"]},
               "namespace": "shop", "operation": "CREATE", "object": thing, "oldObject": None,
               "dryRun": False, **more}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def patched(thing: dict, response: dict) -> dict:
    """The object after the patch; postern's patches have only the operation `add`."""
    made = copy.deepcopy(thing)
    for step in json.loads(base64.b64decode(response["patch"])):
        check(step["op"] == "add", f"only additions: {step['op']}")
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"][1:].split("/")]
        place = made
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list):
            place.append(step["value"])
        else:
            place[last] = step["value"]
    return made


class Injector:
    def __init__(self, folder: pathlib.Path, program: pathlib.Path, tls: pathlib.Path,
                 authority: pathlib.Path, flags, launcher=()):
        self.port, self.health_port = free_port(), free_port()
        self.tls = ssl.create_default_context(cafile=str(authority))
        arguments = [*launcher, program, "inject", f"--tls.dir={tls}",
                     f"--web.listen-address=127.0.0.1:{self.port}",
                     f"--web.health-address=127.0.0.1:{self.health_port}", *flags]
        environment = {name: os.environ[name] for name in ("PATH", "POSTERN_SANDBOX")
                       if name in os.environ}
        self.process = Process(folder, arguments, environment)
        wait_for(self._listens, "postern inject listens")

    def _listens(self) -> bool:
        check(self.process.running(), "postern inject keeps running")
        try:
            return self.probe("/-/healthy") == 200
        except OSError:
            return False

    def probe(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=20)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def metrics(self) -> Metrics:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/-/metrics") as answer:
            return Metrics(answer.read().decode())

    def requests(self, result: str) -> float:
        return self.metrics().value("postern_inject_requests_total", result=result)

    def api_requests(self) -> dict[str, float]:
        """The number of requests to the API server by result."""
        found = self.metrics().all("postern_inject_api_requests_total")
        return {dict(labels)["result"]: value for (_, labels), value in found.items()}

    def connect(self, timeout: float = 30) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.tls)

    def ask(self, body, method: str = "POST", path: str = "/mutate", headers=None, timeout: float = 30):
        """Status and text of the response."""
        connection = self.connect(timeout)
        connection.request(method, path, body=body, headers=JSON if headers is None else headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def review(self, thing: dict, **more) -> dict:
        """The response to a valid review of it."""
        status, text = self.ask(json.dumps(review_of(thing, **more)))
        check(status == 200, f"a review is answered: {status} {text}")
        document = json.loads(text)
        check(document["response"]["uid"] == UID, "the uid is the review's")
        return document["response"]

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) << 10

    def stop(self) -> int:
        return self.process.stop()
