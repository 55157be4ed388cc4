"""A port without TLS is `tls`, and the message says so in plain words."""

import http.server
import threading

import harness
from harness import expect_fault


def scenario(stage):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    postern = stage.postern(
        f"--target.url=https://127.0.0.1:{server.server_port}", "--target.preset=whatsapp",
        f"--tls.dir={stage.tls_folder()}", f"--credentials.dir={stage.credentials_folder()}")
    answer = expect_fault(postern, "tls", 502, "default", mentions="plain HTTP")
    harness.check("WRONG_VERSION_NUMBER" not in answer.body, "without OpenSSL's message")
    server.shutdown()
    server.server_close()


harness.run(scenario)
