"""The guarded fake service and its control port."""

import base64
import http.client
import json
import re
import ssl
import urllib.parse

from .process import Process, wait_for


class Whatsapp:
    def __init__(self, stage, pair, listen: str, port: int, behaviour: dict):
        self._stage = stage
        self._host = listen
        self._passwords = 0
        self._pair = pair
        self._behaviour = behaviour
        self._bracketed = f"[{listen}]" if ":" in listen else listen
        self.port = port
        self._run()
        self.url = f"https://{self._bracketed}:{self.port}"
        self._remember(behaviour)

    def _run(self):
        """On its previous port, if any."""
        flags = [f for key, value in self._behaviour.items()
                 for f in ("--" + key.replace("_", "-"), _text(value))]
        self._process = Process(self._stage.folder_for("whatsapp"), [
            self._stage.build / "fake_whatsapp", "--listen", f"{self._bracketed}:{self.port}",
            "--control", "127.0.0.1:0", "--cert", self._pair.certificate, "--key",
            self._pair.key, "--ca", self._stage.authority.certificate, *flags])
        ports = wait_for(lambda: re.search(r"port=(\d+) control=(\d+)\n", self._process.output()),
                         f"the fake service listens: {self._process.output()}")
        self.port, self._control = int(ports[1]), int(ports[2])

    def start(self):
        """After a stop: on the same port, with the behavior that was set; old tokens are invalid."""
        self._run()

    def _remember(self, behaviour: dict):
        for key in ("password", "api_key"):
            if key in behaviour:
                text = behaviour[key]
                self._passwords += 1
                self._stage.secret(f"{key} {self._passwords} of the service", text)
                basic = base64.b64encode(f"admin:{text}".encode()).decode()
                self._stage.secret(f"{key} {self._passwords} of the service, encoded", basic)

    def _ask(self, method: str, path: str, parameters=()):
        connection = http.client.HTTPConnection("127.0.0.1", self._control, timeout=10)
        query = "?" + urllib.parse.urlencode(list(parameters)) if parameters else ""
        connection.request(method, path + query)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise ValueError(f"{path}{query}: {body}")
        return json.loads(body)

    def set(self, **behaviour):
        self._remember(behaviour)
        self._behaviour.update(behaviour)
        self._ask("POST", "/set", [(key, _text(value)) for key, value in behaviour.items()])

    def provoke(self, path: str, headers=(), **provocation):
        """Provokes a failure at that path; replaces the previous one."""
        parameters = [("path", path)] + [("header", header) for header in headers]
        parameters += [(key, _text(value)) for key, value in provocation.items()]
        self._ask("POST", "/provoke", parameters)

    def clear(self):
        self._ask("POST", "/clear")

    def revoke_tokens(self):
        self._ask("POST", "/revoke")

    def counters(self) -> dict:
        return self._ask("GET", "/counters")

    def tokens(self) -> list[str]:
        """All tokens issued since the start."""
        return self._ask("GET", "/tokens")

    def requests(self, path: str) -> int:
        return self.counters()["requests"].get(path, 0)

    def connection(self, pair=None) -> http.client.HTTPSConnection:
        """A client of the scenario, with a client certificate and without verification."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        return http.client.HTTPSConnection(self._host, self.port, context=context, timeout=10)

    def log_in(self, pair, password: str, user: str = "admin", body: bytes = b""):
        """The response to a login of the scenario: (status, headers, body)."""
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.ask(pair, "POST", "/v1/users/login", f"Basic {basic}", body)

    def ask(self, pair, method: str, path: str, authorization: str = "", body: bytes = b""):
        connection = self.connection(pair)
        headers = {"Authorization": authorization} if authorization else {}
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def stop(self):
        if self._process.running():
            for token in self.tokens():
                self._stage.secret(f"token {len(self._stage.secrets)}", token)
        self._process.stop()


def _text(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
