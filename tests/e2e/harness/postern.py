"""The daemon: starting it, scraping it, and all that it said."""

import dataclasses
import http.client
import json
import os
import pathlib
import time

from .metrics import Metrics
from .process import Process, check, free_port, wait_for


@dataclasses.dataclass
class Answer:
    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: str
    whole: bool  # the body ended as its framing says it should
    seconds: float

    def metrics(self) -> Metrics:
        return Metrics(self.body)


class Postern:
    def __init__(self, stage, flags, environment: dict):
        self.port = free_port()
        self._folder = stage.folder_for("postern")
        self._arguments = [stage.build / "postern",
                           f"--web.listen-address=127.0.0.1:{self.port}", *flags]
        self._environment = {"PATH": os.environ.get("PATH", ""), **environment}
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

    def get(self, path: str, headers=None, method: str = "GET", timeout: float = 20) -> Answer:
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request(method, path, headers=headers or {})
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

    def ask_everything(self):
        """Asks each endpoint once, so that the search for secrets sees them all."""
        if self.process.running():
            for path in ("/-/metrics", "/health", "/", "/-/ready", "/metrics"):
                self.get(path)
            command_line = pathlib.Path(f"/proc/{self.process.pid}/cmdline").read_bytes()
            self._asked["argv"] = command_line.decode()

    def said(self) -> dict[str, str]:
        return {**self._asked, "the log": self.process.output()}

    def stop(self) -> int:
        return self.process.stop()
