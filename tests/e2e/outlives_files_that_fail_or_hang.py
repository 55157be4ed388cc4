"""Each file that the daemon reads or writes fails, one after another: reads with EIO or EISDIR, writes with
ENOSPC, or every call on it takes ten seconds. Meanwhile the daemon is scraped and reloads. It never ends,
answers probes at once, and works as before when the file works again."""

import http.client
import pathlib
import re
import signal
import ssl
import subprocess
import threading

import harness
from harness import check, wait_for

# For this many seconds each, with twenty scrapes and fifty probes a second.
FAULTS = {"EIO": 1, "EISDIR": 1, "ENOSPC": 1, "stall": 3}
PACE = 0.05
MOST_P99, MOST = 100, 1000  # ms


class Load:
    """Scrapes, each on its own thread."""

    def __init__(self, port: int, tls: ssl.SSLContext):
        self._port, self._tls = port, tls
        self.failures = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._scrape)
        self._thread.start()

    def _scrape_once(self):
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20, context=self._tls)
        try:
            connection.request("GET", "/metrics/plain", headers={"X-Prometheus-Scrape-Timeout-Seconds": "2"})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as failure:
            self.failures.append(f"a scrape: {failure!r}")
        finally:
            connection.close()

    def _scrape(self):
        scrapers = []
        while not self._end.wait(PACE):
            scrapers.append(threading.Thread(target=self._scrape_once))
            scrapers[-1].start()
        for scraper in scrapers:
            scraper.join()

    def stop(self):
        self._end.set()
        self._thread.join()


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
    check(postern.scrape("plain").status == 200, "a successful scrape")
    named = re.findall(r"(?:ca_file|cert_file|key_file|directory): ([^,} ]+)", config.read_text())
    files = [config, web, server.certificate, server.key, folder / "match", folder / "salt", state / "plain.json"]
    for path in map(pathlib.Path, named):
        files += [path / "username", path / "password"] if path.is_dir() else [path]
    check(len(files) == 12, f"all files: {files}")

    load = Load(postern.port, tls)
    try:
        for file in files:
            for fault, seconds in FAULTS.items():
                plan.write_text(f"{fault} {file}")
                whatsapp.revoke_tokens()
                postern.process.send(signal.SIGHUP)
                probes = subprocess.run([stage.build / "tests" / "hostile_peer", "probe", str(health), str(seconds)],
                                        check=True, stdout=subprocess.PIPE, text=True).stdout
                count, failed, p99, slowest = map(float, probes.split())
                check(postern.process.running(), f"it runs while {file.name} fails with {fault}")
                check(not load.failures, f"{file.name}, {fault}: {load.failures}")
                check(failed == 0 and count > 10, f"{file.name}, {fault}: of {count} probes {failed} fail")
                check(p99 < MOST_P99 and slowest < MOST, f"{file.name}, {fault}: probes take {p99}, {slowest} ms")
            plan.write_text("")
            wait_for(lambda: postern.scrape("plain").status == 200, f"{file.name} works again", 60)
    finally:
        plan.write_text("")
        load.stop()
    check(postern.process.stop(30) == 0, "it stops")


harness.run(scenario)
