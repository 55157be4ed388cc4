"""Key and client certificate come from one PKCS #12 bundle; a renewed one is taken up, and one that is
cut short or encrypted as until OpenSSL 3 keeps the last good one and says what to do."""

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
    check(postern.scrape().status == 200, "the bundle opens the door")

    def reloads(result):
        return postern.own_metrics().value("postern_tls_reloads_total", target="plain",
                                           role="client", result=result)

    write()
    wait_for(lambda: reloads("success") == 1, "a renewed bundle is taken up")
    check(postern.scrape().status == 200, "the renewed bundle opens the door")

    failures = reloads("failure")
    file.write_bytes(file.read_bytes()[:500])
    wait_for(lambda: reloads("failure") > failures, "the bundle that is cut short is noticed")
    check(postern.scrape().status == 200, "the last good bundle stays in use")

    write("-legacy")
    wait_for(lambda: "openssl pkcs12 -legacy -in" in postern.process.output(),
             "the log says how to export an old bundle anew")
    check(postern.scrape().status == 200, "the last good bundle stays in use")


harness.run(scenario)
