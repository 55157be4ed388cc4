"""A chain that begins with its root and ends with the client certificate is sorted: the service accepts it.
The log, the status document and `postern check` warn about the file."""

import harness
from harness import check
from harness.certificates import Authority


def scenario(stage):
    whatsapp = stage.whatsapp()
    intermediate = Authority(stage.folder / "intermediate", "Intermediate", issuer=stage.authority)
    pair = intermediate.issue("postern")
    tls = stage.tls_folder(pair=pair)
    (tls / "tls.crt").write_bytes(stage.authority.certificate.read_bytes()
                                  + intermediate.certificate.read_bytes()
                                  + pair.certificate.read_bytes())
    expected = (f"{tls}/tls.crt: its certificates are sent in a different order than listed "
                "('postern', 'Intermediate'): write the client certificate first, then each issuer",
                f"{tls}/tls.crt: certificate 1 in it ('Scenario CA') is a root, which is not sent "
                "because it must be known anyway: remove it")

    postern = stage.sidecar(whatsapp, tls=tls)
    check(postern.scrape(harness.TARGET).status == 200, "the service accepts the sorted chain")
    warnings = postern.status()["targets"][0]["warnings"]
    for warning in expected:
        check(warning in warnings, f"the status document has {warning}, not {warnings}")
        check(postern.process.output().count(warning) == 1, f"the log has once: {warning}")

    postern.stop()
    examination = stage.examine("--json", *stage.sidecar_flags(whatsapp, tls=tls), "--no-login")
    for warning in expected:
        examination.expect("certificates", warning, "correct the file", state="warning")


harness.run(scenario)
