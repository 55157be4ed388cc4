"""spiffe-helper writes svid.pem, svid_key.pem and svid_bundle.pem one after the other, in place: no scrape
fails while they rotate, and the server is verified only by its SPIFFE ID."""

import threading

import harness
from harness import Reply, check, expect_fault, wait_for
from harness.certificates import Pair

ROTATIONS = 10
SERVER = "spiffe://example.org/ns/prod/sa/billing"
CLIENT = "spiffe://example.org/ns/prod/sa/postern"


def write_slowly(file, text: str):
    """Truncates first, as os.WriteFile does; then writes pieces, each of which the daemon may read."""
    with open(file, "w") as out:
        out.flush()
        for at in range(0, len(text), 200):
            out.write(text[at:at + 200])
            out.flush()


def scenario(stage):
    root = harness.Authority(stage.folder / "spire", "SPIFFE root")
    upstream = harness.Authority(stage.folder / "spire-server", "SPIRE", issuer=root)

    def with_chain(spiffe_id: str) -> Pair:
        pair = upstream.issue(spiffe_id)
        pair.certificate.write_text(pair.certificate.read_text() + upstream.certificate.read_text())
        return pair

    def page(_):
        return Reply(200, "up 1\n", (("Content-Type", "text/plain; version=0.0.4"),))

    service = stage.https(with_chain(SERVER), page, root.certificate)
    folder = stage.folder_for("spiffe")

    def rotate(number: int):
        pair = with_chain(CLIENT)
        key = pair.key.read_text()
        stage.secret(f"key {number}", key.splitlines()[1])
        write_slowly(folder / "svid.pem", pair.certificate.read_text())
        write_slowly(folder / "svid_key.pem", key)
        write_slowly(folder / "svid_bundle.pem", root.certificate.read_text())

    rotate(0)

    def target(name: str, expected: str) -> str:
        return f"""
  - name: {name}
    url: {service.url}
    tls_config: {{ ca_file: {folder}/svid_bundle.pem, cert_file: {folder}/svid.pem, key_file: {folder}/svid_key.pem{expected} }}
"""

    postern = stage.postern(config="targets:" + target("billing", f", spiffe_id: {SERVER}") +
                            target("other", f", spiffe_id: {SERVER}/other") + target("none", ""))
    check(postern.scrape("billing").status == 200, "the server is known by its SPIFFE ID")
    expect_fault(postern, "tls", 502, "other", f"certificate is for {SERVER}, expected only {SERVER}/other")
    answer = postern.scrape("none")
    check("set spiffe_id" in answer.body, f"without it the fault says what to set: {answer.body}")

    failed, done = [], threading.Event()

    def scrape_on():
        while not done.wait(0.02):
            answer = postern.scrape("billing")
            if answer.status != 200:
                failed.append(answer.body)

    def reloads():
        return postern.own_metrics().value("postern_tls_reloads_total", target="billing",
                                           role="client", result="success")

    scraper = threading.Thread(target=scrape_on)
    scraper.start()
    try:
        for number in range(1, ROTATIONS + 1):
            before = reloads()
            rotate(number)
            service.shows(with_chain(SERVER))
            wait_for(lambda: reloads() > before, f"rotation {number} is loaded")
    finally:
        done.set()
        scraper.join()
    check(not failed, f"{len(failed)} scrapes failed, the first: {failed[:1]}")
    shown = postern.scrape("billing")
    check(shown.status == 200, "the service accepts the last certificates")


harness.run(scenario)
