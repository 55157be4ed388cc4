"""Key and client certificate are in one PKCS #12 bundle. A renewed bundle is reloaded. A truncated one, or
one encrypted as before OpenSSL 3, keeps the last valid one and says what to do."""

import harness
from harness import check, wait_for
from harness.certificates import bundle


def scenario(stage):
    whatsapp = stage.whatsapp()
    folder = stage.folder_for("bundle")
    file, password = folder / "all.p12", folder / "password"
    password.write_text(stage.secret("password of the bundle", "open-Sesame-1") + "\n")

    def write(*flags):
        pair = stage.authority.issue("postern")
        bundle(pair, stage.authority.certificate, file, "open-Sesame-1", *flags)

    write()
    tls = f"{{ ca_file: {stage.authority.certificate}, pkcs12_file: {file}, " \
          f"key_password_file: {password}, server_name: whatsapp-web }}"
    target = stage.plain_target(whatsapp).splitlines()
    config = "\n".join(f"    tls_config: {tls}" if "tls_config" in line else line for line in target)
    postern = stage.postern(config="targets:\n" + config + "\n")
    check(postern.scrape().status == 200, "the service accepts the bundle")

    def reloads(result):
        return postern.own_metrics().value("postern_tls_reloads_total", target="plain",
                                           role="client", result=result)

    write()
    wait_for(lambda: reloads("success") == 1, "a renewed bundle is reloaded")
    check(postern.scrape().status == 200, "the service accepts the renewed bundle")

    failures = reloads("failure")
    file.write_bytes(file.read_bytes()[:500])
    wait_for(lambda: reloads("failure") > failures, "the truncated bundle is noticed")
    check(postern.scrape().status == 200, "the last valid bundle stays in use")

    write("-legacy")
    wait_for(lambda: "openssl pkcs12 -legacy -in" in postern.process.output(),
             "the log says how to export an old bundle again")
    check(postern.scrape().status == 200, "the last valid bundle stays in use")


harness.run(scenario)
