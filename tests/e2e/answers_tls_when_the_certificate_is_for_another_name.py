"""A server whose certificate is for another name is refused, also on loopback.

The message says the certificate's names, the expected name, and what to set.
"""

import harness
from harness import check, expect_fault


def scenario(stage):
    tls, credentials = stage.tls_folder(), stage.credentials_folder()
    listeners = {"127.0.0.1": "127.0.0.1", "[::1]": "::1", "localhost": "127.0.0.1"}
    for host, address in listeners.items():
        whatsapp = stage.whatsapp("web.internal", listen=address)
        flags = [f"--target.url=https://{host}:{whatsapp.port}", "--target.preset=whatsapp",
                 f"--tls.dir={tls}", f"--credentials.dir={credentials}"]
        postern = stage.postern(*flags)
        answer = expect_fault(postern, "tls", 502, "default", mentions="web.internal")
        check("server_name" in answer.body, f"it says what to set: {answer.body}")
        check(not whatsapp.counters()["requests"], "nothing was sent")
        postern = stage.postern(*flags, "--target.server-name=web.internal")
        check(postern.scrape().status == 200, "it succeeds with the server name")


harness.run(scenario)
