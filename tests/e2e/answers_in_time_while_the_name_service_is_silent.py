"""The name service does not answer (getaddrinfo has no deadline): scrapes are `timeout` at their own
deadlines, for the service and for the database, and health answers meanwhile. When it answers again, scrapes
succeed."""

import socket
import struct
import threading

import harness
from harness import check, expect_fault
from harness.namespaces import enter_own_namespaces, mount

SECONDS = 2  # what the scraper allows
SCRAPES = 8


class NameService:
    """Resolves every name to 127.0.0.1, but answers only after the scenario permits it."""

    def __init__(self):
        self._answers = threading.Event()
        self.questions = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def answer(self):
        self._answers.set()

    def _serve(self):
        while True:
            query, client = self._socket.recvfrom(512)
            self.questions += 1
            if self._answers.is_set():
                self._socket.sendto(self._answer(query), client)

    @staticmethod
    def _answer(query: bytes) -> bytes:
        end = query.index(b"\0", 12) + 5  # of the single question: name, type, class
        of_ipv4 = query[end - 4:end - 2] == struct.pack(">H", 1)
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(of_ipv4), 0, 0)
        address = struct.pack(">HHHIH", 0xc00c, 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        return head + query[12:end] + (address if of_ipv4 else b"")


def scenario(stage):
    resolv = stage.folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    mount("--bind", resolv, "/etc/resolv.conf")
    names = NameService()
    whatsapp = stage.whatsapp()
    password = stage.secret("database password", "d4tabase-s3cret")
    whatsapp.url = f"https://service.postern.example:{whatsapp.port}"
    postern = stage.postern(config="targets:\n" + stage.plain_target(whatsapp) + stage.plain_target(
        whatsapp, name="stored", credentials="{ mysql: { host: database.postern.example, user: postern,"
        f" database: whatsapp, password: {password} }} }}"))
    timeout = {"X-Prometheus-Scrape-Timeout-Seconds": str(SECONDS)}

    answer = expect_fault(postern, "timeout", 504, "plain", headers=timeout)
    check(SECONDS - 1 < answer.seconds < SECONDS, f"at the deadline: {answer.seconds}")
    check(names.questions > 0, "the name service was asked")
    answer = postern.scrape("stored", headers=timeout)
    check(answer.reason == "timeout" and answer.seconds < SECONDS, f"the database's: {answer.body}")
    answer = postern.scrape("stored")
    harness.check_answer(answer, "credential_source", 503, "stored")

    scrapes = [harness.in_background(lambda name=name: postern.scrape(name, headers=timeout))
               for name in ("plain", "stored") for _ in range(SCRAPES)]
    check(postern.get("/-/healthy").seconds < 1, "health answers meanwhile")
    check(postern.get("/-/metrics").status == 200, "and the metrics of postern itself")
    for scrape in scrapes:
        answer = scrape.result()
        check(answer.status >= 500 and answer.seconds < SECONDS, f"{answer.body} {answer.seconds}")

    names.answer()
    harness.wait_for(lambda: postern.scrape("plain").status == 200, "it succeeds when names resolve", 30)


enter_own_namespaces()
harness.run(scenario)
