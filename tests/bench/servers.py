"""The three servers of the benchmark: the guarded upstream, the relay nginx and postern."""

import os
import pathlib
import re
import time
import urllib.request

from harness.process import Process, check, free_port, wait_for

TOKEN = "b3arer-t0ken-of-the-benchmark"
_SERVER_NAME = "whatsapp-web"  # that certs/make.sh makes a certificate for


def _get(port: int, path: str, **headers: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def _answers(port: int, path: str) -> bool:
    try:
        return bool(_get(port, path))
    except OSError:
        return False


class _Server:
    """A process whose work is done by the process `worker`."""

    def __init__(self, folder: pathlib.Path, arguments, port: int, path: str):
        self.port = port
        self._again = folder, arguments, path
        self.process = Process(folder, arguments)
        wait_for(lambda: not self.process.running() or _answers(port, path),
                 f"{folder.name} answers")
        check(self.process.running(), f"{folder.name} runs: {self.process.output()}")
        self.worker = self._find_worker()

    def _find_worker(self) -> int:
        return self.process.pid

    def cpu_seconds(self) -> float:
        """User and system time of all threads of the worker. From the CPU clock of clock_getcpuclockid(3):
        /proc/PID/stat has only a resolution of 10 ms."""
        return time.clock_gettime((~self.worker << 3) | 2)

    def _status(self, field: str) -> int:
        status = pathlib.Path(f"/proc/{self.worker}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+)( kB)?$", status, re.MULTILINE)[1])

    def anonymous_bytes(self) -> int:
        return self._status("RssAnon") * 1024

    def resident_bytes(self) -> int:
        return self._status("VmRSS") * 1024

    def threads(self) -> int:
        return self._status("Threads")

    def get(self, path: str, gzip: bool = False) -> bytes:
        """The body of an answer, compressed if it was requested and sent so."""
        return _get(self.port, path, **({"Accept-Encoding": "gzip"} if gzip else {}))

    def restart_millis(self) -> float:
        """Restarts it; returns the time from the start to the first successful answer."""
        self.stop()
        folder, arguments, path = self._again
        began = time.perf_counter()
        self.process = Process(folder, arguments)
        while not _answers(self.port, path):
            check(time.perf_counter() - began < 10, f"{folder.name} answers again")
        took = time.perf_counter() - began
        self.worker = self._find_worker()
        return took * 1000

    def stop(self):
        self.process.stop()


class _Nginx(_Server):
    def __init__(self, folder: pathlib.Path, http: str, port: int, path: str):
        file = folder / "nginx.conf"
        # Its worker must read this folder, which only this user may enter.
        user = "user root;\n" if os.geteuid() == 0 else ""
        temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file.write_text(f"{user}daemon off; worker_processes 1; pid {folder}/pid;\n"
                        f"error_log stderr; worker_rlimit_nofile 20000;\n"
                        f"events {{ worker_connections 16384; }}\n"
                        f"http {{ access_log off; default_type text/plain;\n"
                        f"{temporary}{http}\n}}\n")
        super().__init__(folder, ["/usr/sbin/nginx", "-p", folder, "-c", file], port, path)

    def _find_worker(self) -> int:
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(wait_for(children.read_text, "nginx has a worker").split()[0])


class GuardedUpstream(_Nginx):
    """Serves the files below `root`, and a login. `open_port` serves the same to clients without a
    certificate. `more` are directives for both."""

    def __init__(self, folder: pathlib.Path, certificates: pathlib.Path, root: pathlib.Path,
                 more: str = ""):
        self.guarded_port = free_port()
        self.open_port = free_port()
        port = free_port()
        tls = f"""
            ssl_certificate {certificates}/server.crt; ssl_certificate_key {certificates}/server.key;
            ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384;
            {more}
            location / {{
              root {root};
              if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}
            }}"""
        super().__init__(folder, f"""
          server {{
            listen 127.0.0.1:{self.guarded_port} ssl;
            ssl_client_certificate {certificates}/ca.crt; ssl_verify_client on;
            location = /login {{ return 200 '{{"token":"{TOKEN}"}}'; }}
            {tls}
          }}
          server {{ listen 127.0.0.1:{self.open_port} ssl; {tls} }}
          server {{ listen 127.0.0.1:{port}; location = /count {{ stub_status; }} }}""",
                         port, "/count")

    def requests(self) -> int:
        """The number of requests so far, including this one and earlier calls."""
        return int(re.search(rb"requests\n \d+ \d+ (\d+)", _get(self.port, "/count"))[1])


class RelayNginx(_Nginx):
    """`more`: directives for its location, such as gzip."""

    name = "nginx"

    def __init__(self, folder: pathlib.Path, certificates: pathlib.Path, upstream: GuardedUpstream,
                 more: str = ""):
        port = free_port()
        super().__init__(folder, f"""
          upstream guarded {{ server 127.0.0.1:{upstream.guarded_port}; keepalive 32; }}
          server {{
            listen 127.0.0.1:{port};
            location = /ready {{ return 200 "ready"; }}
            location / {{
              {more}
              proxy_pass https://guarded; proxy_http_version 1.1; proxy_set_header Connection "";
              proxy_set_header Authorization "Bearer {TOKEN}"; proxy_ssl_protocols TLSv1.3;
              proxy_ssl_certificate {certificates}/tls.crt;
              proxy_ssl_certificate_key {certificates}/tls.key;
            }}
          }}""", port, "/ready")


class Postern(_Server):
    """Has a target for each of `names`, which logs in and fetches /metrics/NAME. `keys` maps targets to
    additional lines of configuration."""

    name = "postern"

    def __init__(self, folder: pathlib.Path, program: pathlib.Path, certificates: pathlib.Path,
                 upstream: GuardedUpstream, names: list[str], keys: dict[str, str],
                 flags: tuple[str, ...] = ()):
        targets = "".join(f"""
  - name: {name}
    url: https://127.0.0.1:{upstream.guarded_port}
    body_size_limit: 0
    tls_config: {{ ca_file: {certificates}/ca.crt, cert_file: {certificates}/tls.crt,
                  key_file: {certificates}/tls.key, server_name: {_SERVER_NAME} }}
    credentials: {{ file: {{ username: scraper, password: benchmark }} }}
    login: {{ url: /login, basic_auth: true, token: {{ json: /token }} }}
    pages: [{{ path: /metrics/{name}, format: text }}]
{keys.get(name, "")}""" for name in names)
        file = folder / "postern.yml"
        file.write_text(f"targets:{targets}\n")
        port = free_port()
        super().__init__(folder, [program, f"--config.file={file}",
                                  f"--web.listen-address=127.0.0.1:{port}", *flags],
                         port, "/-/ready")
