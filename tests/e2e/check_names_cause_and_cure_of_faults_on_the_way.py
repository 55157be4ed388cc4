"""`postern check` names cause and remedy of faults between postern and the service: name, port, TLS and
client certificate. Steps after the failed one are not tried, and no login is sent."""

import contextlib
import pathlib
import socket
import threading

import harness
from harness import check
from harness.certificates import Authority

AFTER = {"name": ["port", "tls", "client", "login", "page", "rules", "scraper"],
         "port": ["tls", "client", "login", "page", "rules", "scraper"],
         "tls": ["client", "login", "page", "rules", "scraper"],
         "client": ["login", "page", "rules", "scraper"]}


@contextlib.contextmanager
def listener(answer):
    """A port on which `answer` handles each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    held.append(connection)
                    answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


@contextlib.contextmanager
def full_port():
    """A port whose queue is full, so that the kernel drops packets like a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as held:
        while True:
            waiting = held.enter_context(socket.socket())
            waiting.settimeout(0.3)
            try:
                waiting.connect(server.getsockname())
            except TimeoutError:
                break
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def scenario(stage):
    whatsapp = stage.whatsapp()
    credentials = stage.credentials_folder()
    unused = f"--web.listen-address=127.0.0.1:{harness.free_port()}"

    def faulty(name, step, cause, cure, url=whatsapp.url, tls=None, server_name="whatsapp-web", *flags):
        examination = stage.examine(
            "--json", unused, f"--target.url={url}", "--target.preset=whatsapp",
            f"--target.server-name={server_name}", f"--tls.dir={tls or stage.tls_folder()}",
            f"--credentials.dir={credentials}", "--target.scrape-timeout=1s", *flags)
        examination.expect(step, cause, cure)
        examination.expect_not_tried(*AFTER[step])
        check(len(examination.failures()) == 1, f"one step failed: {examination.output}")
        print(f"{name}: cause and remedy are named")

    faulty("no such name", "name", "no address for nowhere.invalid", "check the host in the url",
           url="https://nowhere.invalid")

    port = harness.free_port()
    faulty("nobody listens", "port", f"cannot connect to 127.0.0.1:{port}: 127.0.0.1:{port}: Connection "
           "refused", f"start the service, or correct host and port of the url, now 127.0.0.1:{port}",
           url=f"https://127.0.0.1:{port}")

    with full_port() as url:
        faulty("a path that drops packets", "port", "timed out while connecting to", "firewalls", url=url)

    with listener(lambda connection: None) as url:
        faulty("a port that sends nothing", "tls", "timed out in the TLS handshake",
               "find out why the service is slow", url=url)

    with listener(lambda connection: (connection.recv(9999), connection.sendall(
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))) as url:
        faulty("plain HTTP", "tls", "speaks plain HTTP on this port", "give the port of its HTTPS",
               url=url)

    faulty("another name", "tls", "certificate is for whatsapp-web, not billing (asked for billing, trusting",
           "correct server_name", server_name="billing")

    expired = stage.whatsapp(pair=stage.authority.issue("whatsapp-web", days=-1))
    faulty("an expired server", "tls", "certificate 'whatsapp-web' expired at", "renew it at the server",
           url=expired.url)

    other = Authority(stage.folder / "stranger", "Another CA")
    unknown = stage.whatsapp(pair=other.issue("whatsapp-web"))
    faulty("a server of an unknown CA", "tls", "certificate is signed by 'Another CA'", "/ca.crt",
           url=unknown.url)

    stranger = stage.tls_folder(pair=other.issue("postern"))
    faulty("our certificate of an unknown CA", "client", "does not know the CA 'Another CA' that signed it",
           "let the server trust that CA, or put a certificate of a CA that it trusts", tls=stranger)

    bare = stage.folder_for("tls")
    (bare / "ca.crt").write_bytes(pathlib.Path(stage.authority.certificate).read_bytes())
    faulty("no client certificate", "client", "requires a client certificate", f"add {bare}/tls.crt",
           tls=bare)

    pair = stage.authority.issue("whatsapp-web")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;""")
    faulty("nginx, which refuses it in its answer", "client",
           "answered 400: the service refused our client certificate (it accepts client certificates of "
           "'Scenario CA')", "put one of a CA that it trusts", url=nginx.url, tls=stranger)
    faulty("nginx, which misses it in its answer", "client",
           "answered 400: the service requires a client certificate (it accepts client certificates of "
           "'Scenario CA')", "set cert_file and key_file, or mount tls.crt and tls.key", url=nginx.url, tls=bare)

    ancient = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA;""")
    faulty("no cipher in common", "tls", "refused the handshake before it presented a certificate",
           "let it accept TLS 1.3, or TLS 1.2 with ECDHE", url=ancient.url)

    for service in (whatsapp, expired, unknown):
        check(service.counters()["logins"] == 0, "no login is sent after a failed step")


harness.run(scenario)
