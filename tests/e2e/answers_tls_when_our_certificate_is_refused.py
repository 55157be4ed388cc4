"""A client certificate of a CA that the server does not know, or none, is `tls`.

With TLS 1.3 the refusal shows up only when the answer is read.
"""

import harness
from harness import expect_fault
from harness.certificates import Authority


def scenario(stage):
    whatsapp = stage.whatsapp()
    stranger = Authority(stage.folder / "stranger", "Another CA").issue("postern")
    postern = stage.sidecar(whatsapp, tls=stage.tls_folder(pair=stranger))
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="client certificate")

    bare = stage.folder_for("tls")
    (bare / "ca.crt").write_bytes(stage.authority.certificate.read_bytes())
    postern = stage.sidecar(whatsapp, tls=bare)
    expect_fault(postern, "tls", 502, harness.TARGET, mentions="client certificate")
    harness.check(not whatsapp.counters()["requests"], "no request came through")


harness.run(scenario)
