"""A small HTTPS service of the scenario, for logins that the fake service lacks."""

import dataclasses
import http.server
import ssl
import threading
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict  # names in lower case
    body: str

    def form(self) -> dict:
        return dict(urllib.parse.parse_qsl(self.body, keep_blank_values=True))


@dataclasses.dataclass(frozen=True)
class Reply:
    status: int = 200
    body: str | bytes = ""
    headers: tuple = ()  # of (name, value)


class HttpsService:
    """Calls `answer(request)` for each request. With `clients`, a CA certificate, it accepts only clients
    with a certificate of this CA."""

    def __init__(self, pair, answer, clients=None):
        self._pair, self._clients = pair, clients
        self._lock = threading.Lock()
        self._requests = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                size = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, self.rfile.read(size).decode())
                with service._lock:
                    service._requests.append(request)
                    reply = answer(request)
                body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = handle_one

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def finish_request(self, connection, address):
                # On the thread of the connection: a slow handshake blocks nobody else.
                try:
                    with service._context().wrap_socket(connection, server_side=True) as secured:
                        self.RequestHandlerClass(secured, address, self)
                except (ssl.SSLError, OSError):
                    pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pair.certificate, self._pair.key)
        if self._clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self._clients)
        return context

    def requests(self, path: str) -> list[Request]:
        with self._lock:
            return [request for request in self._requests if request.path.split("?")[0] == path]

    def shows(self, pair):
        """Another certificate, from the next connection on."""
        self._pair = pair

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
