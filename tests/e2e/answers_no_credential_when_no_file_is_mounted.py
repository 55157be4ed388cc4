"""An empty credentials folder is `no_credential`, never an exit and never a login.

As the files appear the next scrapes become good. An empty password counts as none.
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
    wait_for(lambda: "empty" in postern.scrape().body, "an empty password is told as such", 5)
    check(whatsapp.counters()["logins"] == 0, "nothing was sent")

    (mount / "password").write_text(harness.PASSWORD + "\n")
    wait_for(lambda: postern.scrape().status == 200, "the files are taken up", 5)


harness.run(scenario)
