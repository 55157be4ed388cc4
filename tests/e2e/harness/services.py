"""Real servers beside the daemon: nginx, Prometheus, MariaDB, each private to the scenario."""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import urllib.parse

from .process import Process, free_port, wait_for


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Nginx:
    """`configuration` is the content of `server { }` besides `listen`."""

    def __init__(self, folder: pathlib.Path, configuration: str):
        self.port = free_port()
        file = folder / "nginx.conf"
        # Its worker must read folders that only this user may enter.
        user = "user root; " if os.geteuid() == 0 else ""
        file.write_text(
            f"{user}daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;\n"
            f"events {{ worker_connections 256; }}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body;\n"
            f"proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n"
            f"uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
            f"server {{ listen 127.0.0.1:{self.port} ssl;\n{configuration}\n}} }}\n")
        self._process = Process(folder, ["/usr/sbin/nginx", "-p", folder, "-c", file])
        self.url = f"https://127.0.0.1:{self.port}"
        wait_for(lambda: _listens(self.port), "nginx listens")

    def stop(self):
        self._process.stop()


class Prometheus:
    """`scrape_configs` is the YAML list below that key; `settings` is optional YAML above it."""

    def __init__(self, folder: pathlib.Path, scrape_configs: str, settings: str = ""):
        self.port = free_port()
        file = folder / "prometheus.yml"
        file.write_text(settings + "scrape_configs:\n" + scrape_configs)
        self._process = Process(folder, [
            "prometheus", f"--config.file={file}", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}"])
        wait_for(self._ready, "Prometheus is ready", 30)

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def _ready(self) -> bool:
        return _listens(self.port) and self._get("/-/ready")[0] == 200

    def ask(self, path: str):
        """The `data` of an API response."""
        return json.loads(self._get(f"/api/v1/{path}")[1])["data"]

    def query(self, expression: str) -> list[dict]:
        """The current series of an instant query."""
        return self.ask("query?" + urllib.parse.urlencode({"query": expression}))["result"]

    def target(self) -> dict:
        """The status of its first target; empty until it has loaded that target."""
        return next(iter(self.ask("targets")["activeTargets"]), {})

    def stop(self):
        self._process.stop()


class MariaDb:
    """TLS is optional for clients; a scenario may call `start` and `stop` repeatedly.

    It has its own folder for temporary tables: a starting server removes those of all servers that share its
    folder.
    """

    def __init__(self, folder: pathlib.Path, authority):
        self._folder = folder
        self._authority = authority
        self._pair = authority.issue("127.0.0.1", "localhost")
        self.port = free_port()
        self._data = folder / "data"
        self._socket = folder / "socket"
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={self._data}",
             f"--tmpdir={self._folder}", "--auth-root-authentication-method=normal", "--skip-test-db",
             *self._user()], check=True, capture_output=True)
        self.start()

    @staticmethod
    def _user() -> list[str]:
        owner = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True)
        return [f"--user={owner.stdout.strip()}"]

    def start(self):
        self._process = Process(self._folder, [
            "/usr/sbin/mariadbd", "--no-defaults", *self._user(), f"--datadir={self._data}",
            f"--tmpdir={self._folder}",
            f"--socket={self._socket}", "--bind-address=127.0.0.1", f"--port={self.port}",
            f"--ssl-ca={self._authority.certificate}", f"--ssl-cert={self._pair.certificate}",
            f"--ssl-key={self._pair.key}", "--skip-name-resolve",
            "--innodb-buffer-pool-size=32M"])
        wait_for(lambda: _listens(self.port), "MariaDB listens", 60)

    def run(self, statements: str) -> str:
        """Runs SQL as root through the socket; returns the output."""
        done = subprocess.run(
            ["mariadb", "--no-defaults", "--user=root", f"--socket={self._socket}", "--batch"],
            input=statements, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def stop(self):
        self._process.stop(30)
