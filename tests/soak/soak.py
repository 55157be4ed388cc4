"""postern under load and faults for some minutes: see scripts/soak.sh.

    soak.py MINUTES [SCRAPES_PER_SECOND]

Exits with 1 if a scrape failed that no fault explains, if memory grew or descriptors leaked, if an account
was locked, or if a secret was printed.
"""

import collections
import os
import pathlib
import random
import re
import shutil
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

import harness  # noqa: E402
from harness import TARGET, check, wait_for  # noqa: E402
from load import FORMS, Load  # noqa: E402
from troubles import FILES, Mounted, Troubles  # noqa: E402

DOCKERFILE = pathlib.Path(__file__).parents[2] / "Dockerfile"
MEGABYTE = 1_000_000
GROWTH = 1 * MEGABYTE  # allowed growth of anonymous memory after the first minute
MAX_BAD_LOGINS = 10  # in a minute; more lock the account
RECENT_TOKENS = 20  # that are searched for in every answer


def environment_of_the_image() -> dict:
    """The Dockerfile's settings for the C library."""
    found = dict(re.findall(r"\b(GLIBC_\w+)=(\S+)", DOCKERFILE.read_text()))
    check(found, "the Dockerfile configures the memory allocator of the C library")
    return found


class Scene:
    """Two guarded services, the database, the mounted files, and postern in front of them."""

    def __init__(self, stage):
        self.stage = stage
        self.lost = collections.Counter()  # what services counted before they were restarted
        self._keep_tokens = threading.Lock()
        self.services = {
            name: stage.whatsapp(port=harness.free_port(), health="multi", token_life=20,
                                 max_bad_logins=MAX_BAD_LOGINS, limiter_window=60)
            for name in (FILES, TARGET)}
        self._database_password = stage.secret("database password", "D4tabase-s3cret")
        self.database = stage.mariadb()
        self.database.run(harness.database_schema(self._database_password))
        self._tls = Mounted(stage.folder_for("mounted-tls"), stage.tls_folder())
        self._credentials = Mounted(stage.folder_for("mounted-credentials"),
                                    stage.credentials_folder())
        self.postern = stage.postern(f"--state.dir={stage.folder_for('state')}",
                                     config=self._config(), environment=environment_of_the_image())

    def _config(self) -> str:
        tls = self._tls.path
        material = f"ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key"
        mysql = (f"{{ mysql: {{ host: 127.0.0.1, port: {self.database.port}, database: whatsapp,"
                 f" user: postern, password: {self._database_password}, refresh_interval: 5s,"
                 f" tls_config: {{ {material} }} }} }}")
        files = f"{{ directory: {self._credentials.path} }}"
        return "targets:\n" + "".join(
            f'  - name: "{name}"\n    preset: whatsapp\n    url: {self.services[name].url}\n'
            f"    tls_config: {{ {material}, server_name: whatsapp-web }}\n"
            # Other programs may keep this machine busy.
            f"    scrape_timeout: 30s\n    credentials: {credentials}\n"
            for name, credentials in ((FILES, files), (TARGET, mysql)))

    def store_in_files(self, password: str):
        self._credentials.swap(self.stage.credentials_folder(password))

    def store_in_database(self, password: str):
        self.database.run(f"UPDATE whatsapp.whatsapp_config SET password = '{password}'")

    def mount_certificate(self, name: str, good: bool):
        """A new pair; an invalid pair has another pair's key."""
        folder = self.stage.tls_folder(name)
        if not good:
            shutil.copy(self.stage.authority.issue("other").key, folder / "tls.key")
        self._tls.swap(folder)

    def restart_service(self, target: str, pause):
        service = self.services[target]
        with self._keep_tokens:
            self._count(target, service)
            service.stop()
            pause()
            service.start()

    def _count(self, target, service):
        for name, value in service.counters().items():
            if "logins" in name:
                self.lost[target, name] += value

    def logins(self) -> dict:
        total = collections.Counter(self.lost)
        for target, service in self.services.items():
            for name, value in service.counters().items():
                if "logins" in name:
                    total[target, name] += value
        return total

    def recent_tokens(self) -> list[str]:
        """Recent tokens, for the search in later answers."""
        if not self._keep_tokens.acquire(blocking=False):
            return []
        try:
            return [token for service in self.services.values()
                    for token in service.tokens()[-RECENT_TOKENS:]]
        finally:
            self._keep_tokens.release()


class Watch:
    """Samples the daemon during the run."""

    def __init__(self, scene):
        self._scene = scene
        self._tokens: list[str] = []
        self._memory: list[tuple[float, int]] = []  # when, and anonymous bytes
        self.leaks: list[str] = []

    def secrets_in(self, text: str) -> list[str]:
        named = [name for name, secret in list(self._scene.stage.secrets.items()) if secret in text]
        return named + ["a token" for token in self._tokens if token in text]

    def _look_at_memory(self):
        status = pathlib.Path(f"/proc/{self._scene.postern.process.pid}/status").read_text()
        anonymous = int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024
        self._memory.append((time.monotonic(), anonymous))

    def usual_memory(self, until: float) -> float:
        """The median of the previous seconds, as the number of active scrapes varies."""
        return statistics.median(size for at, size in self._memory if until - 5 <= at <= until)

    def largest_memory(self) -> int:
        return max(size for _, size in self._memory)

    def descriptors(self) -> int:
        """Without persistent connections to the services, which postern_upstream_connections counts."""
        kept = self._scene.postern.own_metrics().all("postern_upstream_connections")
        pid = self._scene.postern.process.pid
        return len(os.listdir(f"/proc/{pid}/fd")) - int(sum(kept.values()))

    def look_on(self, stop: threading.Event):
        looks = 0
        while not stop.wait(0.1):
            self._look_at_memory()
            looks += 1
            if looks % 5:
                continue
            self._tokens = self._scene.recent_tokens() or self._tokens
            for path in ("/-/metrics", "/health", "/"):
                answer = self._scene.postern.get(path)
                if found := self.secrets_in(f"{answer.headers}{answer.body}"):
                    self.leaks.append(f"{found} in {path}")


def idle_descriptors(watch, at_most=None) -> int:
    """The number of descriptors once it settles, if possible at `at_most` or less."""
    last, same = -1, 0

    def settled():
        nonlocal last, same
        now = watch.descriptors()
        same = same + 1 if now == last else 0
        last = now
        return same > 20 and (at_most is None or now <= at_most)

    try:
        wait_for(settled, "the descriptors settle")
    except harness.Failure:
        pass
    return last


def explained_by(windows, failed):
    return next((window.trouble for window in windows if window.explains(failed)), None)


def report_failures(load, windows) -> int:
    """Returns the number of unexplained ones."""
    table = collections.Counter((explained_by(windows, failed), failed.fault) for failed in load.failed)
    for (trouble, fault), count in sorted(table.items(), key=str):
        print(f"  {count:6} {fault} ({trouble or 'NOTHING EXPLAINS IT'})")
    unexplained = [failed for failed in load.failed if not explained_by(windows, failed)]
    for failed in unexplained[:20]:
        print(f"  {failed.at - load.began:.1f} s to {failed.until - load.began:.1f} s, {failed.target}: "
              f"{failed.fault}: {failed.text}")
    return len(unexplained)


def soak(stage, minutes: float, rate: float):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    scene = Scene(stage)
    watch = Watch(scene)
    targets = [FILES, TARGET]

    warm = Load(scene.postern, targets, rate, watch.secrets_in)
    wait_for(lambda: warm.good >= 2 * len(targets) * len(FORMS), "successful scrapes at first", 30)
    warm.stop()
    check(not warm.failed, f"no trouble yet: {warm.failed[:3]}")
    descriptors = idle_descriptors(watch)

    load = Load(scene.postern, targets, rate, watch.secrets_in)
    troubles = Troubles(stage, scene, load, seed)
    ended = threading.Event()
    watching = harness.in_background(lambda: watch.look_on(ended))
    end = load.began + minutes * 60
    disorder = None
    try:
        troubles.go_on(end)
    except harness.Failure as failure:  # the report tells more of it
        disorder = failure
    wait_for(lambda: time.monotonic() >= end, "time passes", minutes * 60 + 1)
    memory = watch.usual_memory(min(load.began + 60, (load.began + end) / 2))
    memory_at_end = watch.usual_memory(time.monotonic())
    ended.set()
    watching.result(60)
    load.stop()
    took = time.monotonic() - load.began
    descriptors_at_end = idle_descriptors(watch, descriptors)
    logins = scene.logins()

    print(f"scrapes: {load.scrapes} in {took:.0f} s, {load.scrapes / took:.0f} a second; "
          f"{load.good} good, {len(load.failed)} failed")
    unexplained = report_failures(load, troubles.windows)
    print("troubles: " + ", ".join(f"{name} {count}" for name, count in sorted(troubles.counts.items())))
    for target in targets:
        print(f"logins of {target}: " + ", ".join(
            f"{kind} {logins[target, f'{kind}_logins']}" for kind in ("good", "bad", "throttled")))
    print(f"anonymous memory: {memory / MEGABYTE:.2f} MB after the first minute, "
          f"{memory_at_end / MEGABYTE:.2f} MB at the end, {watch.largest_memory() / MEGABYTE:.2f} MB at most")
    print(f"descriptors, idle: {descriptors} at the start, {descriptors_at_end} at the end")
    leaks = watch.leaks + warm.leaks + load.leaks
    print(f"secrets: {len(stage.secrets)} looked for, {len(leaks)} found in answers {leaks[:3]}")
    check(disorder is None, f"the troubles end well: {disorder}")
    check(unexplained == 0, f"{unexplained} scrapes failed that no trouble explains")
    check(memory_at_end <= memory + GROWTH, "anonymous memory has grown")
    check(descriptors_at_end <= descriptors, "descriptors leaked")
    check(not leaks, "a secret was printed")
    check(not any(logins[target, "throttled_logins"] for target in targets), "an account was locked")


def main():
    minutes = float(sys.argv[1])
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 50.0
    harness.run(lambda stage: soak(stage, minutes, rate))


main()
