"""The environment of a scenario: temporary folder, certificates, processes, and at the end the search for
secrets in all output.

A scenario is a file whose name is the claim. Its docstring states the expectation, and its function takes the
Stage: `harness.run(scenario)`.
"""

import base64
import os
import pathlib
import shutil
import sys
import tempfile
import traceback

from .browser import visit
from .certificates import Authority
from .examination import Examination
from .fault_proxy import FaultProxy
from .faults import check_answer, check_state, expect_fault
from .https import HttpsService, Reply, Request
from .injector import Injector
from .postern import Postern
from .process import Failure, check, free_port, in_background, wait_for
from .services import MariaDb, Nginx, Prometheus
from .whatsapp import Whatsapp

__all__ = ["Authority", "Failure", "Stage", "TARGET", "PASSWORD", "Reply", "Request", "check",
           "check_answer", "check_state", "database_schema", "expect_fault", "free_port",
           "in_background", "run", "visit", "wait_for"]

PASSWORD = "Corr3ct-horse!"
TARGET = "447418342132"

# Teleport's two tables with the row of TARGET, and an account that requires a client certificate.
_SCHEMA = """
CREATE DATABASE whatsapp CHARACTER SET utf8mb4; USE whatsapp;
CREATE TABLE lookups (number varchar(24), country varchar(4), phone varchar(20));
CREATE TABLE whatsapp_config (country varchar(4) NOT NULL, phone varchar(20) NOT NULL,
  username varchar(45), password varchar(45), api_key varchar(50), company_name varchar(45));
INSERT INTO lookups VALUES ('447418342132', '44', '7418342132');
INSERT INTO whatsapp_config VALUES ('44', '7418342132', 'admin', '%s', NULL, 'Test company');
CREATE USER postern@'%%' IDENTIFIED BY '%s' REQUIRE X509;
GRANT SELECT ON whatsapp.* TO postern@'%%';
"""


def database_schema(database_password: str, password: str = PASSWORD) -> str:
    """SQL that creates the database with the credential of TARGET."""
    return _SCHEMA % (password, database_password)


class Stage:
    """Owns the processes of a scenario; ends them in reverse order."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.build = pathlib.Path(os.environ.get("POSTERN_BUILD", "build")).resolve()
        self.authority = Authority(folder / "authority")
        self.secrets: dict[str, str] = {}
        self._started = []
        self.posterns: list[Postern] = []
        self._examinations: list[Examination] = []
        self._injectors: list[Injector] = []

    def folder_for(self, name: str) -> pathlib.Path:
        number = 0
        while True:
            folder = self.folder / (name if number == 0 else f"{name}-{number}")
            if not folder.exists():
                folder.mkdir()
                return folder
            number += 1

    def secret(self, name: str, text: str) -> str:
        """Registers a text that no output may contain; returns it."""
        self.secrets[name] = text
        return text

    def whatsapp(self, server_name: str = "whatsapp-web", listen: str = "127.0.0.1",
                 pair=None, port: int = 0, **behaviour) -> Whatsapp:
        """A running fake service; its server certificate is for `server_name`."""
        behaviour.setdefault("password", PASSWORD)
        pair = pair or self.authority.issue(server_name)
        whatsapp = Whatsapp(self, pair, listen, port, behaviour)
        self._started.append(whatsapp)
        return whatsapp

    def tls_folder(self, client: str = "postern", pair=None) -> pathlib.Path:
        """A mounted folder with ca.crt, tls.crt and tls.key."""
        folder = self.folder_for("tls")
        pair = pair or self.authority.issue(client)
        shutil.copy(self.authority.certificate, folder / "ca.crt")
        shutil.copy(pair.certificate, folder / "tls.crt")
        shutil.copy(pair.key, folder / "tls.key")
        key_lines = pair.key.read_text().splitlines()
        self.secret(f"key of {client}", key_lines[1])
        return folder

    def credentials_folder(self, password: str = PASSWORD, username: str = "admin"):
        folder = self.folder_for("credentials")
        (folder / "username").write_text(username + "\n")
        (folder / "password").write_text(password + "\n")
        basic = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.secret(f"password in {folder.name}", password)
        self.secret(f"password in {folder.name}, encoded", basic)
        return folder

    def postern(self, *flags: str, config: str = "", environment=None, launcher=(), tls=None,
                headers=None) -> Postern:
        """The daemon, listening. `config` is YAML; without it flags define the target.

        `launcher` is a command that executes its arguments; `tls` and `headers` are the scenario's login at
        the web listener.
        """
        if config:
            file = self.folder_for("config") / "postern.yml"
            file.write_text(config)
            flags = (f"--config.file={file}", *flags)
        postern = Postern(self, flags, environment or {}, launcher, tls, headers)
        self._started.append(postern)
        self.posterns.append(postern)
        return postern

    def examine(self, *flags, **options) -> Examination:
        """`postern check` with these flags."""
        examination = Examination(self, flags, **options)
        self._examinations.append(examination)
        return examination

    def sidecar_flags(self, whatsapp: Whatsapp, **mounts) -> list[str]:
        """The flags of one WhatsApp target with mounted folders."""
        tls = mounts.get("tls") or self.tls_folder()
        credentials = mounts.get("credentials") or self.credentials_folder()
        return [f"--target.name={TARGET}", f"--target.url={whatsapp.url}",
                "--target.preset=whatsapp", "--target.server-name=whatsapp-web", f"--tls.dir={tls}",
                f"--credentials.dir={credentials}"]

    def sidecar(self, whatsapp: Whatsapp, *flags: str, launcher=(), **mounts) -> Postern:
        """The daemon as a WhatsApp sidecar: one target, from flags and mounted folders."""
        return self.postern(*self.sidecar_flags(whatsapp, **mounts), *flags, launcher=launcher)

    def plain_target(self, whatsapp: Whatsapp, name: str = "plain", pair=None, **keys: str) -> str:
        """YAML of a target with the fake service's single text page; `keys` adds or replaces keys."""
        tls = self.tls_folder(pair=pair)
        lines = [
            f'  - name: "{name}"',
            f"    url: {whatsapp.url}",
            "    preset: whatsapp",
            f"    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt,"
            f" key_file: {tls}/tls.key, server_name: whatsapp-web }}",
        ]
        keys.setdefault("credentials",
                        f"{{ file: {{ directory: {self.credentials_folder()} }} }}")
        keys.setdefault("pages",
                        "[{ path: /metrics, format: text, params: { format: [prometheus] } }]")
        lines += [f"    {key}: {value}" for key, value in keys.items() if value]
        return "\n".join(lines) + "\n"

    def https(self, pair, answer, clients=None) -> HttpsService:
        service = HttpsService(pair, answer, clients)
        self._started.append(service)
        return service

    def nginx(self, configuration: str) -> Nginx:
        nginx = Nginx(self.folder_for("nginx"), configuration)
        self._started.append(nginx)
        return nginx

    def prometheus(self, scrape_configs: str, settings: str = "") -> Prometheus:
        prometheus = Prometheus(self.folder_for("prometheus"), scrape_configs, settings)
        self._started.append(prometheus)
        return prometheus

    def fault_proxy(self, port: int) -> FaultProxy:
        """A relay to that port that injects the faults of the scenario."""
        proxy = FaultProxy(port)
        self._started.append(proxy)
        return proxy

    def injector(self, *flags: str, launcher=(), tls=None) -> Injector:
        """`postern inject` with a mounted certificate for localhost."""
        tls = tls or self.tls_folder(pair=self.authority.issue("localhost"))
        injector = Injector(self.folder_for("injector"), self.build / "postern", tls,
                            self.authority.certificate, flags, launcher)
        self._started.append(injector)
        self._injectors.append(injector)
        return injector

    def owns(self, thing):
        """Stops it at the end, after processes that start later."""
        self._started.append(thing)

    def mariadb(self) -> MariaDb:
        database = MariaDb(self.folder_for("mariadb"), self.authority)
        self._started.append(database)
        return database

    def close(self):
        for thing in reversed(self._started):
            thing.stop()

    def leaks(self) -> list[str]:
        """Each leaked secret, and its place."""
        said = {}
        for postern in self.posterns:
            said.update(postern.said())
        for number, injector in enumerate(self._injectors, 1):
            said[f"the log of injector number {number}"] = injector.process.output()
        for number, examination in enumerate(self._examinations, 1):
            said[f"check number {number}"] = examination.said()
        return [f"{name} is in {place}" for name, text in self.secrets.items()
                for place, output in said.items() if text in output]


def _perform(scenario, stage: Stage):
    try:
        scenario(stage)
        for postern in stage.posterns:
            postern.ask_everything()
            refused = postern.refused_calls()
            check(not refused, f"the sandbox refuses nothing that postern needs: {refused}")
    finally:
        stage.close()
    found = stage.leaks()
    check(not found, "no secret is printed, but " + "; ".join(found))


def run(scenario):
    """Runs the scenario and ends the program: with 0 if its claim holds."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-e2e-"))
    stage = Stage(folder)
    try:
        _perform(scenario, stage)
    except Exception:  # show the daemon's output for every failure
        traceback.print_exc()
        for log in sorted(folder.glob("*/output.log")):
            print(f"--- {log.relative_to(folder)}\n{log.read_text(errors='replace')[-8000:]}",
                  file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
