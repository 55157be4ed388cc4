"""A service whose certificate is in the CRL of its CA is `tls`. So is every service while that CRL has
expired, or while the file lacks the CRL of its CA. A replaced file takes effect without a restart, a broken
one changes nothing. The web listener refuses a client with a revoked certificate."""

import ssl

import harness
from harness import Authority, check, expect_fault, wait_for

_PAGE = "# TYPE up_since gauge\nup_since 1\n"


def _refused(postern, context) -> bool:
    before, postern.tls = postern.tls, context
    try:
        postern.get("/-/healthy")
        return False
    except (ssl.SSLError, ConnectionError):
        return True
    finally:
        postern.tls = before


def _context(stage, pair) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=stage.authority.certificate)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def _upstream(stage):
    pair = stage.authority.issue("metrics.internal")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      default_type text/plain; location = /metrics {{ return 200 "{_PAGE}"; }}""")
    tls, crl = stage.tls_folder(), stage.folder_for("crl") / "crl.pem"
    stage.authority.publish_crl(crl, pair)
    keys = f"ca_file: {tls}/ca.crt, server_name: metrics.internal"
    config = f"""targets:
  - {{ name: checked, url: "{nginx.url}", tls_config: {{ {keys}, crl_file: {crl} }}, pages: [{{ path: /metrics }}] }}
  - {{ name: trusting, url: "{nginx.url}", tls_config: {{ {keys} }}, pages: [{{ path: /metrics }}] }}
"""
    postern = stage.postern(config=config)

    def reloads(result: str):
        return postern.own_metrics().value("postern_tls_reloads_total", target="checked",
                                           role="client", result=result)

    def publish(authority, **options):
        """Waits until postern has reloaded the file."""
        before = reloads("success")
        authority.publish_crl(crl, **options)
        wait_for(lambda: reloads("success") > before, "the CRL is reloaded")

    def good():
        answer = postern.scrape("checked")
        check(answer.status == 200 and "up_since 1" in answer.body, f"{answer.status} {answer.body}")

    said = expect_fault(postern, "tls", 502, "checked", mentions="was revoked at ").body
    check(f"the CRL of 'Scenario CA' in {crl}: give the server a new certificate" in said, said)
    check(postern.scrape("trusting").status == 200, "without crl_file nothing is checked")

    def examined():
        file = stage.folder_for("config") / "postern.yml"
        file.write_text(config)
        return stage.examine(f"--config.file={file}", "--target=checked").output

    said = examined()
    check(f"{crl} (CRL)" in said and "was revoked at " in said, f"`postern check` says so: {said}")

    publish(stage.authority)
    good()
    publish(stage.authority, expired=True)
    expect_fault(postern, "tls", 502, "checked",
                 mentions=f"in {crl} expired at 2020-02-01T00:00:00Z (nextUpdate): replace it")
    said = examined()
    check(f"replace {crl} with the CA's current CRL" in said, f"`postern check` says so: {said}")
    publish(Authority(stage.folder / "other", "Another CA"))
    expect_fault(postern, "tls", 502, "checked",
                 mentions=f"{crl} has no CRL of its issuer 'Scenario CA'")
    publish(stage.authority)
    good()
    crl.write_text("half a file")
    wait_for(lambda: reloads("failure") > 0, "a bad file is counted")
    good()


def _listener(stage):
    folder = stage.folder_for("web")
    web, crl = folder / "web.yml", folder / "crl.pem"
    server, scraper = stage.authority.issue("127.0.0.1"), stage.authority.issue("scraper")
    neighbour = stage.authority.issue("neighbour")
    stage.authority.publish_crl(crl, neighbour)
    web.write_text(f"""
tls_server_config:
  cert_file: {server.certificate}
  key_file: {server.key}
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: {stage.authority.certificate}
  crl_file: crl.pem
""")
    postern = stage.postern(f"--web.config.file={web}", tls=_context(stage, scraper),
                            config="targets:\n" + stage.plain_target(stage.whatsapp()))
    check(postern.scrape().status == 200, "a client that is not revoked is accepted")
    revoked = _context(stage, neighbour)
    check(_refused(postern, revoked), "a revoked client is refused")
    stage.authority.publish_crl(crl)
    wait_for(lambda: not _refused(postern, revoked), "a replaced file takes effect")
    stage.authority.publish_crl(crl, neighbour)
    wait_for(lambda: _refused(postern, revoked), "and again")


def scenario(stage):
    _upstream(stage)
    _listener(stage)


harness.run(scenario)
