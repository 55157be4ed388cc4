"""The faults of a soak. Each fault says which scrapes it may fail, and when."""

import contextlib
import dataclasses
import os
import random
import shutil
import time

from harness import TARGET, wait_for

FILES = "files"  # the target whose credential is in files; that of TARGET is in MariaDB
AWAY = 2.0  # seconds for which something is missing or wrong
LONGEST = 10  # seconds that a trouble takes, as a rule
GRACE = 15  # seconds until scrapes must succeed again


@dataclasses.dataclass
class Window:
    """From its begin to its end it explains failures of this target with one of these faults."""
    trouble: str
    target: str
    faults: tuple
    begin: float
    end: float = float("inf")

    def explains(self, failed) -> bool:
        return (failed.target == self.target and failed.fault in self.faults and
                failed.until >= self.begin and failed.at <= self.end)


class Mounted:
    """A folder that is replaced as a whole, as the kubelet does."""

    def __init__(self, folder, source):
        self.path = folder
        self._version = 0
        self.swap(source)
        for name in os.listdir(source):
            (folder / name).symlink_to(os.path.join("..data", name))

    def swap(self, source):
        self._version += 1
        name = f"..version_{self._version}"
        shutil.copytree(source, self.path / name)
        link = self.path / "..data_tmp"
        link.symlink_to(name)
        os.rename(link, self.path / "..data")
        if self._version > 1:
            shutil.rmtree(self.path / f"..version_{self._version - 1}")


class Troubles:
    """One after the other, in random order, each kind equally often."""

    def __init__(self, stage, scene, load, seed: int):
        self._stage = stage
        self._scene = scene
        self._load = load
        self._draw = random.Random(seed)
        self._passwords = 0
        self._certificates = 0
        self.windows: list[Window] = []
        self.counts: dict[str, int] = {}

    def go_on(self, end: float):
        """Runs until that time; ends with everything repaired. On the main thread: its processes end with
        that thread."""
        kinds = [("certificate rotated", self._rotate_certificate, False),
                 ("broken certificate first", self._rotate_certificate, True),
                 ("MariaDB restarted", self._restart_database, None)]
        for target in (FILES, TARGET):
            kinds += [("password rotated", self._rotate_password, target),
                      ("wrong password", self._give_wrong_password, target),
                      ("service restarted", self._restart_service, target)]
        while True:
            self._draw.shuffle(kinds)
            for name, befall, what in kinds:
                if time.monotonic() + LONGEST > end:
                    return
                self.counts[name] = self.counts.get(name, 0) + 1
                befall(what)
                self._pause(self._draw.uniform(0.5, 1.5))

    @contextlib.contextmanager
    def _window(self, trouble: str, target: str, *faults: str):
        """Closes after two successful scrapes that began after the end of the fault: the first may have
        shared an older fetch."""
        window = Window(trouble, target, faults, time.monotonic())
        self.windows.append(window)
        yield
        over = time.monotonic()
        window.end = over + GRACE
        for _ in range(2):
            wait_for(lambda: self._load.is_good_since(target, over), f"{target} recovers: {trouble}",
                     2 * GRACE)
            over = time.monotonic()
        window.end = time.monotonic()

    def _password(self) -> str:
        self._passwords += 1
        return self._stage.secret(f"password {self._passwords} of the soak",
                                  f"S0ak-passw0rd-{self._draw.randrange(1 << 32):08x}")

    def _store(self, target: str, password: str):
        if target == FILES:
            self._scene.store_in_files(password)
        else:
            self._scene.store_in_database(password)

    def _rotate_password(self, target: str):
        service = self._scene.services[target]
        with self._window("password rotated", target, "login_rejected", "backoff"):
            password = self._password()
            service.set(password=password)
            service.revoke_tokens()
            self._store(target, password)

    def _give_wrong_password(self, target: str):
        service = self._scene.services[target]
        with self._window("wrong password", target, "login_rejected", "backoff"):
            self._store(target, self._password())
            service.revoke_tokens()
            self._pause()
            good = self._password()
            service.set(password=good)
            self._store(target, good)

    def _restart_service(self, target: str):
        with self._window("service restarted", target, "connect", "tls", "truncated", "backoff"):
            self._scene.restart_service(target, self._pause)

    # The faults below must not fail a scrape.

    def _restart_database(self, _):
        self._scene.database.stop()
        # A login is due meanwhile: it uses the last credential.
        self._scene.services[TARGET].revoke_tokens()
        self._pause()
        self._scene.database.start()

    def _rotate_certificate(self, broken_first: bool):
        self._certificates += 1
        if broken_first:
            self._scene.mount_certificate(f"broken-{self._certificates}", good=False)
            self._pause()
        self._scene.mount_certificate(f"soak-{self._certificates}", good=True)
        self._pause()

    @staticmethod
    def _pause(seconds: float = AWAY):
        over = time.monotonic() + seconds
        wait_for(lambda: time.monotonic() >= over, "time passes", 2 * seconds)
