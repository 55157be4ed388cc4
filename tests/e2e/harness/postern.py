"""The daemon: starts it, scrapes it, and collects its output."""

import dataclasses
import http.client
import json
import os
import pathlib
import re
import time

import jsonschema

from .metrics import Metrics
from .process import Process, check, free_port, wait_for


_SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "data/status/schema.json").read_text())


@dataclasses.dataclass
class Answer:
    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: str
    whole: bool  # the body ended as its framing requires
    seconds: float

    def metrics(self) -> Metrics:
        return Metrics(self.body)


class Postern:
    """With `tls`, requests use that ssl.SSLContext; `headers` are sent with all of them."""

    def __init__(self, stage, flags, environment: dict, launcher=(), tls=None, headers=None):
        self.port = free_port()
        self.tls = tls
        self._headers = headers or {}
        self._folder = stage.folder_for("postern")
        self._arguments = [*launcher, stage.build / "postern",
                           f"--web.listen-address=127.0.0.1:{self.port}", *flags]
        # POSTERN_SANDBOX=on runs a scenario in the sandbox.
        passed_on = {name: os.environ[name] for name in ("PATH", "POSTERN_SANDBOX")
                     if name in os.environ}
        self._environment = {**passed_on, **environment}
        prefixes = [flag for flag in flags if str(flag).startswith("--web.route-prefix=")]
        self._prefix = prefixes[0].split("=", 1)[1] if prefixes else ""
        self._asked: dict[str, str] = {}
        self.start()

    def start(self):
        self.process = Process(self._folder, self._arguments, self._environment)
        wait_for(self._listens, "postern listens")

    def _listens(self) -> bool:
        check(self.process.running(), "postern keeps running")
        try:
            return self.get("/-/healthy").status == 200
        except OSError:
            return False

    def _connection(self, timeout: float):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                               context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path: str, headers=None, method: str = "GET", timeout: float = 20) -> Answer:
        begin = time.monotonic()
        connection = self._connection(timeout)
        connection.request(method, self._prefix + path, headers={**self._headers, **(headers or {})})
        response = connection.getresponse()
        whole = True
        try:
            body = response.read()
        except http.client.IncompleteRead as e:
            body, whole = e.partial, False
        except ConnectionResetError:
            body, whole = b"", False
        connection.close()
        answer = Answer(response.status, response.reason, response.headers,
                        body.decode(errors="replace"), whole, time.monotonic() - begin)
        place = f"the answer to {method} {path}"
        said = f"{response.status} {response.reason}\n{response.headers}\n{answer.body}"
        self._asked[place] = self._asked.get(place, "") + said
        return answer

    def scrape(self, target: str = "", **options) -> Answer:
        return self.get(f"/metrics/{target}" if target else "/metrics", **options)

    def own_metrics(self) -> Metrics:
        return self.get("/-/metrics").metrics()

    def health(self):
        """Status and document of /health."""
        answer = self.get("/health")
        return answer.status, json.loads(answer.body)

    def status(self) -> dict:
        """The document of /api/v1/status; checks it against its schema."""
        document = json.loads(self.get("/api/v1/status").body)
        jsonschema.validate(document, _SCHEMA, cls=jsonschema.Draft7Validator)
        return document

    def ask_everything(self):
        """Requests each endpoint once, so that the search for secrets includes them."""
        if self.process.running():
            for path in ("/-/metrics", "/health", "/", "/api/v1/status", "/-/ready", "/metrics"):
                self.get(path)
            command_line = pathlib.Path(f"/proc/{self.process.pid}/cmdline").read_bytes()
            self._asked["argv"] = command_line.decode()

    def refused_calls(self) -> list[str]:
        """The system calls that the sandbox refused, according to the log."""
        return re.findall(r"the sandbox refused a system call.*", self.process.output())

    def said(self) -> dict[str, str]:
        return {**self._asked, "the log": self.process.output()}

    def stop(self) -> int:
        return self.process.stop()
