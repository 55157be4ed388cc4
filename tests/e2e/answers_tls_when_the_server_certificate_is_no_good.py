"""An expired server certificate and one of an unknown CA are `tls`, each with its own message."""

import harness
from harness import expect_fault
from harness.certificates import Authority


def scenario(stage):
    expired = stage.whatsapp(pair=stage.authority.issue("whatsapp-web", days=-1))
    postern = stage.sidecar(expired)
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="expired")

    stranger = Authority(stage.folder / "stranger", "Another CA").issue("whatsapp-web")
    unknown = stage.whatsapp(pair=stranger)
    postern = stage.sidecar(unknown)
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="Another CA")


harness.run(scenario)
