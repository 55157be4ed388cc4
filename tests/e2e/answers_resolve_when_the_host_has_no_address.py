"""A host that does not exist (`.invalid` never does, RFC 6761) is `resolve`, and named."""

import harness
from harness import expect_fault


def scenario(stage):
    postern = stage.postern(
        "--target.url=https://nowhere.invalid", "--target.preset=whatsapp",
        f"--tls.dir={stage.tls_folder()}", f"--credentials.dir={stage.credentials_folder()}")
    expect_fault(postern, "resolve", 502, "default", mentions="nowhere.invalid")


harness.run(scenario)
