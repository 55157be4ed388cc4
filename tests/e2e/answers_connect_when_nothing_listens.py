"""A port without a listener is `connect`, and so is a connection reset."""

import harness
from harness import expect_fault


def scenario(stage):
    port = harness.free_port()
    postern = stage.postern(
        f"--target.url=https://127.0.0.1:{port}", "--target.preset=whatsapp",
        f"--tls.dir={stage.tls_folder()}", f"--credentials.dir={stage.credentials_folder()}")
    expect_fault(postern, "connect", 502, "default", mentions=f"127.0.0.1:{port}")

    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp)
    harness.check(postern.scrape().status == 200, "a successful scrape first")
    whatsapp.provoke("/metrics", reset=True)
    expect_fault(postern, "connect", 502, harness.TARGET)


harness.run(scenario)
