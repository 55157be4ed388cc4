"""Each file that the daemon reads or writes fails, one after another: reading with EIO or EISDIR,
writing with ENOSPC, or every call about it takes ten seconds. The daemon is scraped and reloads all the
while; it never ends, answers probes at once, and works as before when the file is well again."""

import http.client
import pathlib
import re
import signal
import ssl
import threading
import time

import harness
from harness import check, wait_for

# So many probes are answered while a file fails; there are twenty a second, and as many scrapes.
PROBES = {"EIO": 20, "EISDIR": 20, "ENOSPC": 20, "stall": 60}
PACE = 0.05


class Load:
    """Scrapes and probes from threads of its own; `delays` are those of the probes."""

    def __init__(self, port: int, health_port: int, tls: ssl.SSLContext):
        self._port, self._health_port, self._tls = port, health_port, tls
        self.delays, self.failures = [], []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._scrape), threading.Thread(target=self._probe)]
        for thread in self._threads:
            thread.start()

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> int:
        connection.request("GET", path, headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def _scrape_once(self):
        try:
            self._ask(http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20, context=self._tls),
                      "/metrics/plain")
        except (OSError, http.client.HTTPException) as failure:
            self.failures.append(f"a scrape: {failure!r}")

    def _scrape(self):
        scrapers = []
        while not self._end.wait(PACE):
            scrapers.append(threading.Thread(target=self._scrape_once))
            scrapers[-1].start()
        for scraper in scrapers:
            scraper.join()

    def _probe(self):
        while not self._end.wait(PACE):
            asked = time.monotonic()
            try:
                status = self._ask(http.client.HTTPConnection("127.0.0.1", self._health_port, timeout=20),
                                   "/-/healthy")
                if status != 200:
                    self.failures.append(f"/-/healthy: {status}")
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(f"/-/healthy: {failure!r}")
            self.delays.append(time.monotonic() - asked)

    def stop(self):
        self._end.set()
        for thread in self._threads:
            thread.join()


def scenario(stage):
    whatsapp = stage.whatsapp()
    plan = stage.folder_for("plan") / "plan"
    plan.write_text("")
    folder = stage.folder_for("files")
    (folder / "match").write_text('{__name__=~".+"}\n')
    (folder / "salt").write_text("s4lt-of-the-files\n")
    config, web = folder / "postern.yml", folder / "web.yml"
    config.write_text("targets:\n" + stage.plain_target(
        whatsapp, match_file=str(folder / "match"),
        anonymize=f"{{ labels: [nobody], salt_file: {folder / 'salt'} }}"))
    server = stage.authority.issue("localhost")
    web.write_text("http_server_config: { headers: { X-Frame-Options: deny } }\n"
                   f"tls_server_config: {{ cert_file: {server.certificate}, key_file: {server.key} }}\n")
    tls = ssl.create_default_context(cafile=str(stage.authority.certificate))
    tls.check_hostname = False
    state = stage.folder_for("state")
    health = harness.free_port()
    postern = stage.postern(
        f"--config.file={config}", f"--web.config.file={web}", f"--state.dir={state}",
        f"--web.health-address=127.0.0.1:{health}", "--sandbox=off",
        environment={"LD_PRELOAD": str(stage.build / "tests" / "libfailing_files.so"),
                     "POSTERN_FAILING_FILES": str(plan)}, tls=tls)
    check(postern.scrape("plain").status == 200, "a good scrape")
    named = re.findall(r"(?:ca_file|cert_file|key_file|directory): ([^,} ]+)", config.read_text())
    files = [config, web, server.certificate, server.key, folder / "match", folder / "salt", state / "plain.json"]
    for path in map(pathlib.Path, named):
        files += [path / "username", path / "password"] if path.is_dir() else [path]
    check(len(files) == 12, f"all files: {files}")

    load = Load(postern.port, health, tls)
    try:
        for file in files:
            for fault, probes in PROBES.items():
                begin = len(load.delays)
                plan.write_text(f"{fault} {file}")
                whatsapp.revoke_tokens()
                postern.process.send(signal.SIGHUP)
                wait_for(lambda: len(load.delays) >= begin + probes, f"{file.name}: {fault}", 30)
                check(postern.process.running(), f"it runs while {file.name} fails with {fault}")
                check(not load.failures, f"{file.name}, {fault}: {load.failures}")
                delays = sorted(load.delays[begin:])
                check(delays[len(delays) * 99 // 100 - 1] < 0.1, f"{file.name}, {fault}: {delays[-3:]}")
            plan.write_text("")
            wait_for(lambda: postern.scrape("plain").status == 200, f"{file.name} is well again", 60)
    finally:
        plan.write_text("")
        load.stop()
    check(postern.process.stop(30) == 0, "it stops")


harness.run(scenario)
