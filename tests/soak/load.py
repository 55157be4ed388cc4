"""Scrapers with a steady rate, and their results."""

import dataclasses
import gzip
import http.client
import threading
import time

from harness import check
from harness.postern import Postern

SCRAPERS = 24
PATIENCE = 40  # seconds; longer than any scrape may take

TEXT = {"Accept": "text/plain;version=0.0.4"}
FORMS = (TEXT, {**TEXT, "Accept-Encoding": "gzip"},
         {"Accept": "application/openmetrics-text;version=1.0.0"})


@dataclasses.dataclass(frozen=True)
class Failed:
    at: float  # monotonic, when the scrape began
    until: float
    target: str
    fault: str  # the reason phrase, or what went wrong with the answer
    text: str


class Load:
    """`rate` scrapes a second, evenly over targets and formats, until stop()."""

    def __init__(self, postern: Postern, targets: list[str], rate: float, secrets_in):
        """`secrets_in(text)` returns the secrets that a text contains."""
        self._port = postern.port
        self._targets = targets
        self._rate = rate
        self._secrets_in = secrets_in
        self._lock = threading.Lock()
        self._number = 0
        self._stop = threading.Event()
        self.began = time.monotonic()
        self.good = 0
        self.failed: list[Failed] = []
        self.leaks: list[str] = []
        self.last_good = dict.fromkeys(targets, 0.0)
        self._threads = [threading.Thread(target=self._scrape_on, daemon=True)
                         for _ in range(SCRAPERS)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def scrapes(self) -> int:
        return self.good + len(self.failed)

    def is_good_since(self, target: str, moment: float) -> bool:
        """Whether a scrape that began later than that succeeded."""
        return self.last_good[target] > moment

    def _scrape_on(self):
        connection = None
        while True:
            with self._lock:
                number = self._number
                self._number += 1
            if self._stop.wait(max(0.0, self.began + number / self._rate - time.monotonic())):
                break
            # Most scrapers keep their connection, some connect each time.
            if connection is None or number % 7 == 0:
                if connection is not None:
                    connection.close()
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            if not self._scrape(connection, number):
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _scrape(self, connection, number: int) -> bool:
        """Whether the connection can be used again."""
        target = self._targets[number % len(self._targets)]
        headers = FORMS[number // len(self._targets) % len(FORMS)]
        began = time.monotonic()
        try:
            connection.request("GET", f"/metrics/{target}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
        except (OSError, EOFError, http.client.HTTPException) as failure:
            self._note(Failed(began, time.monotonic(), target, type(failure).__name__, str(failure)))
            return False
        text = body.decode()
        fault = answer.reason if answer.status != 200 else self._flaw(text, headers)
        self._note(Failed(began, time.monotonic(), target, fault, text[:300]))
        found = self._secrets_in(f"{answer.status} {answer.reason}\n{answer.headers}\n{text}")
        if found:
            self.leaks.append(f"{found} in the answer of {target}: {answer.status} {answer.reason}")
        return True

    @staticmethod
    def _flaw(text: str, headers) -> str:
        if "web_uptime" not in text or "postern_page_up" not in text:
            return "page without its samples"
        if "openmetrics" in headers["Accept"] and not text.endswith("# EOF\n"):
            return "page without its end"
        return ""

    def _note(self, outcome: Failed):
        with self._lock:
            if outcome.fault:
                self.failed.append(outcome)
            else:
                self.good += 1
                self.last_good[outcome.target] = max(self.last_good[outcome.target], outcome.at)
