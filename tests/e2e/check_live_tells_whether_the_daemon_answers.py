"""`postern check --live` asks the configured listener whether the daemon is healthy: exit code 0 or 1, one
line, within 2 s. It needs no target. It asks a wildcard address on loopback, and a TLS listener without
verifying its certificate. It prefers the health listener, and asks it without the prefix."""

import http.server
import socket
import ssl
import threading
import time

import harness
from harness import check


class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/-/healthy" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):  # plain HTTP comes first
        pass


def encrypted_front(stage, wants_client=False):
    """A fake listener of a daemon with a certificate."""
    pair = stage.authority.issue("somebody")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(stage.authority.certificate)
    front = Quiet(("127.0.0.1", 0), Healthy)
    front.socket = context.wrap_socket(front.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    return front.server_port


def scenario(stage):
    def lives(code, words, *flags, **options):
        began = time.monotonic()
        examination = stage.examine("--live", *flags, **options)
        took = time.monotonic() - began
        check(examination.code == code and words in examination.output, f"{flags}: {examination.said()}")
        check(examination.output.count("\n") == 1 and not examination.complaints, "in one line")
        check(took < 2.3, f"within 2 s plus the start of the process: {took:.2f} s")

    whatsapp = stage.whatsapp()
    flags = stage.sidecar_flags(whatsapp)
    health = harness.free_port()
    postern = stage.postern(*flags)
    lives(0, "postern is healthy on", f"--web.listen-address=127.0.0.1:{postern.port}")
    lives(0, "postern is healthy on", f"--web.listen-address=:{postern.port}")
    lives(0, "postern is healthy on", f"--web.listen-address=0.0.0.0:{postern.port}")
    lives(0, "postern is healthy on", environment={"PORT": str(postern.port)})
    check(postern.stop() == 0, "the daemon stops")
    lives(1, "Connection refused", f"--web.listen-address=127.0.0.1:{postern.port}")

    everywhere = [f"--web.health-address=127.0.0.1:{health}", "--web.route-prefix=/postern"]
    prefixed = stage.postern(*everywhere, *flags)
    lives(0, f"postern is healthy on 127.0.0.1:{health}", *everywhere)
    listen = f"--web.listen-address=127.0.0.1:{prefixed.port}"
    lives(0, "postern is healthy on", listen, "--web.route-prefix=/postern")
    lives(1, "answers 404: not a postern, or its --web.route-prefix differs", listen)

    lives(0, "postern is healthy on", f"--web.listen-address=127.0.0.1:{encrypted_front(stage)}")
    port = encrypted_front(stage, wants_client=True)
    lives(0, "requires a login or a client certificate", f"--web.listen-address=127.0.0.1:{port}")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        lives(1, "did not answer in time", f"--web.listen-address=127.0.0.1:{silent.getsockname()[1]}")


harness.run(scenario)
