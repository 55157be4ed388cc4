"""With exporter-toolkit's file a Prometheus with a client certificate and a password may scrape. It is
refused without the certificate, with a foreign one or with a wrong password. The next connection gets a
changed certificate, a broken file changes nothing, and health needs no login."""

import base64
import crypt
import http.client
import socket
import ssl

import harness
from harness import Authority, check, free_port, wait_for

_PASSWORD = "Scrap3-me-gently"


def _job(name, port, authority, pair=None, password=_PASSWORD):
    lines = [
        f"  - job_name: {name}",
        "    scheme: https",
        "    scrape_interval: 200ms",
        "    scrape_timeout: 200ms",
        "    metrics_path: /metrics/plain",
        f"    static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]",
        f"    basic_auth: {{ username: prometheus, password: {password} }}",
        "    tls_config:",
        f"      ca_file: {authority.certificate}",
    ]
    if pair:
        lines += [f"      cert_file: {pair.certificate}", f"      key_file: {pair.key}"]
    return "\n".join(lines) + "\n"


def _serial(port, context) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            return secure.getpeercert()["serialNumber"]


def scenario(stage):
    whatsapp = stage.whatsapp()
    scraper = stage.authority.issue("prometheus.monitoring.svc")
    neighbour = stage.authority.issue("neighbour")
    stranger = Authority(stage.folder / "stranger").issue("prometheus.monitoring.svc")
    folder = stage.folder_for("web")
    web, certificate, key = folder / "web.yml", folder / "server.crt", folder / "server.key"

    def renew():
        pair = stage.authority.issue("127.0.0.1")
        key.write_bytes(pair.key.read_bytes())
        certificate.write_bytes(pair.certificate.read_bytes())

    renew()
    hashed = crypt.crypt(_PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))
    stage.secret("hash of the password", hashed)
    stage.secret("password", _PASSWORD)
    good = f"""
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: {stage.authority.certificate}
  client_allowed_sans: [prometheus.monitoring.svc]
basic_auth_users: {{ prometheus: "{hashed}" }}
http_server_config: {{ http2: true, headers: {{ Strict-Transport-Security: "max-age=63072000" }} }}
"""
    web.write_text(good)
    context = ssl.create_default_context(cafile=stage.authority.certificate)
    context.load_cert_chain(scraper.certificate, scraper.key)
    login = base64.b64encode(f"prometheus:{_PASSWORD}".encode()).decode()
    stage.secret("password, encoded", login)
    health_port = free_port()
    postern = stage.postern(
        f"--web.config.file={web}", f"--web.health-address=127.0.0.1:{health_port}",
        config="targets:\n" + stage.plain_target(whatsapp), tls=context,
        headers={"Authorization": f"Basic {login}"})
    check("HTTP/1.1" in postern.process.output(), "the log says that the protocol is HTTP/1.1")

    prometheus = stage.prometheus(
        _job("named", postern.port, stage.authority, scraper)
        + _job("neighbour", postern.port, stage.authority, neighbour)
        + _job("stranger", postern.port, stage.authority, stranger)
        + _job("nobody", postern.port, stage.authority)
        + _job("guesses", postern.port, stage.authority, scraper, "wrong"))

    def judged():
        targets = {target["labels"]["job"]: target
                   for target in prometheus.ask("targets")["activeTargets"]}
        return len(targets) == 5 and all(target["health"] != "unknown"
                                         for target in targets.values()) and targets

    wait_for(lambda: judged() and judged()["named"]["health"] == "up", "Prometheus scrapes", 20)
    for name, told in (("neighbour", "certificate"), ("stranger", "certificate"),
                       ("nobody", "certificate"), ("guesses", "401 Unauthorized")):
        target = judged()[name]
        check(target["health"] == "down", f"{name} is refused")
        check(told in target["lastError"], f"{name} gets {told}: {target['lastError']}")

    answer = postern.scrape()
    check(answer.status == 200 and answer.whole, "a client with both is accepted")
    check(answer.headers["Strict-Transport-Security"] == "max-age=63072000", "headers are added")
    refused = postern.scrape(headers={"Authorization": "Basic " + base64.b64encode(b"x:y").decode()})
    check(refused.status == 401 and refused.headers["WWW-Authenticate"] == 'Basic realm="postern"',
          f"an unknown user is refused: {refused.status} {refused.headers}")

    before = _serial(postern.port, context)
    renew()
    wait_for(lambda: _serial(postern.port, context) != before, "the renewed certificate is served")

    web.write_text(good + "basic_auth_user: {}\n")
    name = "postern_web_config_last_reload_successful"
    wait_for(lambda: postern.own_metrics().value(name) == 0, "the broken file is reported")
    check(postern.scrape().status == 200, "and changes nothing")
    web.write_text(good.replace("prometheus: ", "somebody: "))
    wait_for(lambda: postern.scrape().status == 401, "a changed file takes effect")
    web.write_text(good)
    wait_for(lambda: postern.scrape().status == 200, "and back")

    for path in ("/-/healthy", "/heartbeat", "/-/metrics", "/"):
        connection = http.client.HTTPConnection("127.0.0.1", health_port, timeout=10)
        connection.request("GET", path)
        check(connection.getresponse().status == 200, f"{path} needs no login on its own listener")
    connection = http.client.HTTPConnection("127.0.0.1", health_port, timeout=10)
    connection.request("GET", "/metrics")
    check(connection.getresponse().status == 404, "the page is not served there")
    check(postern.get("/heartbeat", headers={"Authorization": ""}).status == 401, "so it needs a login elsewhere")

    connection = http.client.HTTPConnection("127.0.0.1", postern.port, timeout=10)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    told = answer.read().decode()
    check(answer.status == 400 and "HTTPS" in told, f"a plain HTTP client gets an explanation: {told}")


harness.run(scenario)
