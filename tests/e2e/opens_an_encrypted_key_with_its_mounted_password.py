"""An encrypted key is opened with the mounted password. A wrong password is a fault that says so, and key and
password are renewed one file after the other without a failed scrape."""

import shutil

import harness
from harness import check, expect_fault, wait_for
from harness.certificates import encrypt_key


def scenario(stage):
    whatsapp = stage.whatsapp()
    tls = stage.tls_folder()
    pair = stage.authority.issue("postern")
    password = tls / "password"
    shutil.copy(pair.certificate, tls / "tls.crt")
    encrypt_key(pair, tls / "tls.key", stage.secret("password of the key", "open-Sesame-1"))
    password.write_text(stage.secret("wrong password", "open-Barley-1") + "\n")
    postern = stage.sidecar(whatsapp, f"--tls.key-password-file={password}", tls=tls)
    expect_fault(postern, "tls", 502, harness.TARGET, f"the password in {password} does not open")

    password.write_text("open-Sesame-1\n")
    wait_for(lambda: postern.scrape().status == 200, "the right password is loaded")

    def reloads(result):
        return postern.own_metrics().value("postern_tls_reloads_total", target=harness.TARGET,
                                           role="client", result=result)

    failures = reloads("failure")
    renewed = stage.authority.issue("postern-renewed")
    encrypt_key(renewed, tls / "tls.key", stage.secret("next password", "open-Sesame-2"))
    wait_for(lambda: reloads("failure") > failures, "the half-renewed set is noticed")
    check(postern.scrape().status == 200, "the last valid key stays in use")
    shutil.copy(renewed.certificate, tls / "tls.crt")
    password.write_text("open-Sesame-2\n")
    wait_for(lambda: reloads("success") == 1, "the renewed set is loaded")
    check(postern.scrape().status == 200, "the service accepts the renewed key")


harness.run(scenario)
