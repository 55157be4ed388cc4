"""With --config.await no missing or bad file at start ends the process. Such files are certificates and
credentials of late secrets, a configuration that appears late, is bad and is corrected, a bad web
configuration, the certificate of the web listener. The process is alive, not ready, says why, and then
continues as if every file had existed. The sandbox admits the files that a late configuration names. The wait
of the last process still applies, so no account gets additional logins."""

import http.client
import shutil
import ssl
import subprocess
import time

import harness
from harness import TARGET, check, expect_fault, wait_for

_LATE = "the configuration is invalid, waiting for a valid one"


def _put(file, text: str):
    """In one step, as the kubelet does."""
    written = file.with_name("written")
    written.write_text(text)
    written.rename(file)


def _late_secrets(stage, whatsapp):
    tls, credentials = stage.folder_for("late-tls"), stage.folder_for("late-credentials")
    postern = stage.sidecar(whatsapp, "--config.await", tls=tls, credentials=credentials)
    check(postern.get("/-/healthy").status == 200, "alive without a secret")
    ready = postern.get("/-/ready")
    check(ready.status == 503 and "holds none of" in ready.body, f"not ready: {ready.body}")
    expect_fault(postern, "tls", 502, TARGET, mentions=str(tls))
    shutil.copytree(stage.tls_folder(), tls, dirs_exist_ok=True)
    wait_for(lambda: postern.get("/-/ready").status == 200, "certificates are loaded")
    expect_fault(postern, "no_credential", 503, TARGET, mentions=str(credentials))
    shutil.copytree(stage.credentials_folder(), credentials, dirs_exist_ok=True)
    wait_for(lambda: postern.scrape().status == 200, "the credential is loaded")
    check(whatsapp.counters()["logins"] == 1, f"by one login: {whatsapp.counters()}")


def _heard(ask):
    """Status and text; None if the idle connection was closed. A refused connection is a failure."""
    try:
        answer = ask()
        return answer.status, answer.body
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None, ""


def _late_configuration(stage, whatsapp):
    before = whatsapp.counters()["logins"]
    good = "targets:\n" + stage.plain_target(whatsapp)
    folder = stage.folder_for("config")
    file = folder / "postern.yml"
    postern = stage.postern(f"--config.file={file}", "--config.await", "--sandbox=auto")
    expect_waiting(postern, str(file))
    began = time.monotonic()
    wait_for(lambda: time.monotonic() > began + 3, "it retries a few times")
    check(postern.process.output().count(_LATE) == 1, "it is logged once")

    _put(file, good + "    nonsense: 1\n")
    wait_for(lambda: "nonsense" in postern.scrape().body, "the new reason is reported")
    expect_waiting(postern, "nonsense")
    selectors = folder / "match.txt"
    _put(file, good + f"    match_file: {selectors}\n")
    wait_for(lambda: "match.txt" in postern.scrape().body, "a named file is missing")
    check(postern.process.output().count(_LATE) == 3, "each reason is logged once")
    _put(selectors, "{__name__=~\".+\"}\n")
    answers = set()
    wait_for(lambda: answers.add(_heard(lambda: postern.scrape("plain"))[0]) or 200 in answers, "it continues")
    answers.discard(None)
    check(answers <= {200, 503}, f"nothing else was answered: {answers}")
    check(postern.get("/-/ready").status == 200, "ready")
    check(postern.own_metrics().value("postern_config_last_reload_successful") == 1, "it shows")
    check(postern.status()["config"]["file"] == str(file), "the status is available")
    logins = whatsapp.counters()["logins"] - before
    check(logins == 1, f"by one login: {logins}")
    check(postern.stop() == 0, "it ends as always")


def expect_waiting(postern, reason: str):
    check(postern.get("/-/healthy").status == 200, "alive")
    check(postern.get("/-/ready").status == 503, "not ready")
    for path in ("/metrics", "/metrics/plain", "/health", "/api/v1/status", "/"):
        answer = postern.get(path)
        check((answer.status, answer.reason) == (503, "config"), f"{path}: {answer.status}")
        check(reason in answer.body, f"{path} says why: {answer.body}")
    status, health = postern.health()
    check(status == 503 and health["fault"] == "config", f"{health}")
    check(postern.own_metrics().value("postern_config_last_reload_successful") == 0, "it shows")


def _bad_web_configuration(stage, whatsapp):
    web = stage.folder_for("web") / "web.yml"
    _put(web, "rate_limits: {}\n")
    probes = harness.free_port()
    postern = stage.postern(
        *stage.sidecar_flags(whatsapp), "--config.await", f"--web.config.file={web}",
        f"--web.health-address=127.0.0.1:{probes}")
    for path in ("/metrics", "/-/metrics", "/-/ready"):
        answer = postern.get(path)
        check(answer.status == 503 and "rate_limits" not in answer.body,
              f"a client without a login learns nothing of it at {path}: {answer.body}")
    open_door, postern.port = postern.port, probes
    check("rate_limits" in postern.get("/-/ready").body, "probes get the reason")
    check(postern.own_metrics().value("postern_web_config_last_reload_successful") == 0, "it shows")
    postern.port = open_door
    _put(web, "http_server_config: { headers: { X-Frame-Options: deny } }\n")
    answer = wait_for(lambda: (lambda a: a.status == 200 and a)(postern.scrape()), "it continues")
    check(answer.headers["X-Frame-Options"] == "deny", "with the configuration")


def _late_certificate_of_the_door(stage, whatsapp):
    folder = stage.folder_for("door")
    probes = harness.free_port()
    postern = stage.postern(
        *stage.sidecar_flags(whatsapp), "--config.await", f"--web.config.file={folder}/web.yml",
        f"--web.health-address=127.0.0.1:{probes}")
    door, postern.port = postern.port, probes

    def ready():
        return _heard(lambda: postern.get("/-/ready"))

    check("web.yml" in postern.get("/-/ready").body, "the file is missing")
    _put(folder / "web.yml", "tls_server_config: { cert_file: server.crt, key_file: server.key }\n")
    pair = stage.authority.issue("127.0.0.1")
    for name, content in (("server.crt", pair.certificate), ("server.key", pair.key)):
        told = f"not ready: web configuration: {folder / name}: no such file"
        wait_for(lambda: told in ready()[1], f"{name} is missing")
        status, body = ready()
        check(status == 503 and "every connection to --web.listen-address is refused" in body, body)
        check(postern.get("/-/healthy").status == 200, "alive anyway")
        _put(folder / name, content.read_text())
    wait_for(lambda: ready()[0] == 200, "it is ready when both exist")
    check("until this is corrected" in postern.process.output(), "the log said so")
    postern.port = door
    postern.tls = ssl.create_default_context(cafile=stage.authority.certificate)
    check(postern.scrape().status == 200, "and accepts clients")


def _no_storm(stage, whatsapp):
    before = whatsapp.counters()["logins"]
    state = stage.folder_for("state")
    wrong = stage.plain_target(
        whatsapp, credentials=f"{{ directory: {stage.credentials_folder('Wr0ng-password!')} }}")
    file = stage.folder_for("config") / "postern.yml"
    _put(file, "targets:\n" + wrong)
    postern = stage.postern(f"--config.file={file}", "--config.await", f"--state.dir={state}")
    expect_fault(postern, "login_rejected", 502, "plain")
    for _ in range(3):
        postern.process.kill()
        file.unlink()
        postern.start()
        expect_waiting(postern, str(file))
        _put(file, "targets:\n" + wrong)
        wait_for(lambda: postern.scrape().reason == "backoff", "the wait continues")
    logins = whatsapp.counters()["logins"] - before
    check(logins == 1, f"no more logins: {logins}")


def _taken_address(stage, whatsapp):
    other = stage.sidecar(whatsapp)
    run = subprocess.run(
        [stage.build / "postern", f"--web.listen-address=127.0.0.1:{other.port}", "--config.await",
         "--config.file=/does/not/exist.yml"], capture_output=True, text=True, timeout=20)
    check(run.returncode == 1 and "already in use" in run.stderr + run.stdout,
          f"an address in use ends it: {run}")


def scenario(stage):
    whatsapp = stage.whatsapp()
    _late_secrets(stage, whatsapp)
    _late_configuration(stage, whatsapp)
    _bad_web_configuration(stage, whatsapp)
    _late_certificate_of_the_door(stage, whatsapp)
    _no_storm(stage, whatsapp)
    _taken_address(stage, whatsapp)


harness.run(scenario)
