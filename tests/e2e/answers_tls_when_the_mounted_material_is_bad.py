"""Bad or missing material at start is `tls` and names the file; the process keeps running.

/-/ready is 503 meanwhile, and the first valid material is loaded when it appears.
"""

import shutil

import harness
from harness import check, expect_fault, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp()
    mount = stage.tls_folder()
    good = (mount / "tls.key").read_bytes()
    shutil.copy(stage.authority.issue("postern").key, mount / "tls.key")
    postern = stage.sidecar(whatsapp, tls=mount)
    check(postern.get("/-/ready").status == 503, "not ready")
    check(postern.get("/-/healthy").status == 200, "alive")
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="tls.key")

    (mount / "tls.key").write_bytes(good)
    wait_for(lambda: postern.scrape().status == 200, "valid material is loaded", 5)
    check(postern.get("/-/ready").status == 200, "ready")


harness.run(scenario)
