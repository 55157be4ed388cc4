"""A client certificate of an unknown CA, or a missing one, is `tls`.

With TLS 1.3 the refusal appears only when the answer is read. nginx refuses it by an answer to a page or a
login, which does not judge the credential.
"""

import harness
from harness import expect_fault
from harness.certificates import Authority


def scenario(stage):
    whatsapp = stage.whatsapp()
    stranger = Authority(stage.folder / "stranger", "Another CA").issue("postern")
    postern = stage.sidecar(whatsapp, tls=stage.tls_folder(pair=stranger))
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="client certificate")

    bare = stage.folder_for("tls")
    (bare / "ca.crt").write_bytes(stage.authority.certificate.read_bytes())
    postern = stage.sidecar(whatsapp, tls=bare)
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="client certificate")
    harness.check(not whatsapp.counters()["requests"], "no request came through")

    pair = stage.authority.issue("whatsapp-web")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;""")
    for folder, says in ((stage.tls_folder(pair=stranger), "the service refused our client certificate"),
                         (bare, "the service requires a client certificate")):
        flags = [flag.replace(whatsapp.url, nginx.url) for flag in stage.sidecar_flags(whatsapp, tls=folder)]
        postern = stage.postern(*flags)
        expect_fault(postern, "tls", 502, harness.TARGET, mentions=f"login: answered 400: {says}")
        harness.check(postern.own_metrics().value("postern_login_attempts_total", target=harness.TARGET,
                                                  result="rejected") == 0, "no login counts as rejected")
        plain = stage.postern(f"--target.name={harness.TARGET}", f"--target.url={nginx.url}",
                              "--target.server-name=whatsapp-web", f"--tls.dir={folder}")
        expect_fault(plain, "tls", 502, harness.TARGET, mentions=f"page /metrics: answered 400: {says}")
        told = plain.status()["targets"][0]
        harness.check(told["detail"] == "client_certificate" and told["why"].endswith(f": {told['remedy']}"),
                      f"the status names the problem and the remedy: {told}")


harness.run(scenario)
