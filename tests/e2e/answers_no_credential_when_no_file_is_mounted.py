"""An empty credentials folder is `no_credential`; the daemon keeps running and sends no login.

Once the files appear, scrapes succeed. An empty password counts as missing.
"""

import harness
from harness import check, expect_fault, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp()
    mount = stage.folder_for("credentials")
    postern = stage.sidecar(whatsapp, credentials=mount)
    expect_fault(postern, "no_credential", 503, harness.TARGET, mentions=str(mount))

    (mount / "username").write_text("admin\n")
    (mount / "password").write_text("\n")
    wait_for(lambda: "empty" in postern.scrape().body, "an empty password is reported", 5)
    check(whatsapp.counters()["logins"] == 0, "nothing was sent")

    (mount / "password").write_text(harness.PASSWORD + "\n")
    wait_for(lambda: postern.scrape().status == 200, "the files are loaded", 5)


harness.run(scenario)
