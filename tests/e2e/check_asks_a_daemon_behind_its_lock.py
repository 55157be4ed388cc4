"""A daemon with access control: `postern check --live` sees that it is alive, also through TLS. `postern
check` asks it at its health listener, reports the session and the pages of its last scrape, and does not
request what only scrapers may read. Without a health listener the check cannot know whether the daemon waits:
it sends no login and says what to do."""

import ssl

import harness
from harness import check

def scenario(stage):
    whatsapp = stage.whatsapp()
    pair = stage.authority.issue("localhost", "127.0.0.1", days=90)
    folder = stage.folder_for("web")
    trust = ssl.create_default_context(cafile=stage.authority.certificate)
    flags = stage.sidecar_flags(whatsapp)

    open_door = folder / "tls.yml"
    open_door.write_text(f"tls_server_config: {{ cert_file: {pair.certificate}, key_file: {pair.key} }}\n")
    postern = stage.postern(*flags, f"--web.config.file={open_door}", tls=trust)
    here = f"--web.listen-address=127.0.0.1:{postern.port}"
    check(stage.examine("--live", here).code == 0, "alive behind TLS")
    examination = stage.examine("--json", here, *flags)
    check(examination.code == 0 and examination.of("daemon")[0]["details"]["kind"] == "serves",
          f"asked through TLS: {examination.output}")
    check("HTTP/1.1 200 OK" in examination.of("scraper")[0]["what"], "and scraped through TLS")
    check(whatsapp.counters()["logins"] == 1, "only the daemon's login")
    postern.stop()

    locked = folder / "locked.yml"
    locked.write_text(
        f"tls_server_config: {{ cert_file: {pair.certificate}, key_file: {pair.key},\n"
        f"  client_auth_type: RequireAndVerifyClientCert,"
        f" client_ca_file: {stage.authority.certificate} }}\n")
    client = stage.authority.issue("prometheus")
    trust.load_cert_chain(client.certificate, client.key)
    health = f"--web.health-address=127.0.0.1:{harness.free_port()}"
    postern = stage.postern(*flags, health, f"--web.config.file={locked}", tls=trust)
    here = f"--web.listen-address=127.0.0.1:{postern.port}"
    check(postern.scrape().status == 200, "a scraper with a certificate is served")
    logins = whatsapp.counters()["logins"]

    alive = stage.examine("--live", here)
    check(alive.code == 0 and "requires a login or a client certificate" in alive.output, alive.said())
    check(stage.examine("--live", health).code == 0, "the health listener is open")
    examination = stage.examine("--json", here, health, *flags)
    check(examination.code == 0, f"nothing failed: {examination.output}")
    check("logged in since" in examination.of("login")[0]["what"], "the session is reported")
    check("22 samples" in examination.of("page")[0]["what"], "pages of the last scrape")
    check("which only scrapers have" in examination.of("scraper")[0]["what"], examination.output)
    blind = stage.examine("--json", here, *flags)
    blind.expect("daemon", "a client certificate is required", "give the daemon a --web.health-address")
    blind.expect_not_tried("login", "page", "rules", "scraper")
    check(whatsapp.counters()["logins"] == logins, "and no login is sent")


harness.run(scenario)
