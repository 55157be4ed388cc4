"""The network between postern and MariaDB cuts, resets, flips a byte, trickles or drops everything. Without a
credential the scrape is `credential_source` in time, with one the scrapes continue. When the network works
again, the first scrape succeeds once the source may be asked."""

import harness
from harness import check, check_answer, wait_for

SECONDS = 10  # the longest time of a scrape
# The greeting, the TLS handshake, the login and the row are about four thousand bytes.
CASES = [
    ("cut at once", {"cut": 0}),
    ("reset at once", {"reset": 0}),
    ("cut in the handshake", {"cut": 700}),
    ("reset in the handshake", {"reset": 700}),
    ("a byte flipped in the greeting", {"corrupt": 3}),
    ("a byte flipped in the handshake", {"corrupt": 700}),
    ("a trickle", {"trickle": 5}),
    ("a black hole", {"black_hole": True}),
]


def scenario(stage):
    whatsapp = stage.whatsapp(token_life=2)
    database_password = stage.secret("database password", "D4tabase-s3cret")
    database = stage.mariadb()
    # The server must not block the host for broken handshakes.
    database.run("SET GLOBAL max_connect_errors = 100000;" + harness.database_schema(database_password))
    wire = stage.fault_proxy(database.port)
    tls = stage.tls_folder()
    config = ("targets:\n" + stage.plain_target(
        whatsapp, name=harness.TARGET,
        credentials=f"{{ mysql: {{ host: 127.0.0.1, port: {wire.port}, database: whatsapp,"
        f" user: postern, password: {database_password}, tls_config: {{ ca_file: {tls}/ca.crt,"
        f" cert_file: {tls}/tls.crt, key_file: {tls}/tls.key }} }} }}"))
    veteran = stage.postern(config=config)
    check(veteran.scrape().status == 200, "a successful scrape first")

    def logins_go_on():
        before = whatsapp.counters()["good_logins"]
        wait_for(lambda: veteran.scrape().status == 200 and
                 whatsapp.counters()["good_logins"] > before, "logins continue", 30)

    for claim, fault in CASES:
        wire.set(**fault)
        newcomer = stage.postern(config=config)
        answer = newcomer.scrape()
        check_answer(answer, "credential_source", 503, harness.TARGET, mentions=str(wire.port))
        check(answer.seconds < SECONDS, f"{claim}: before the scraper gives up: {answer.seconds}")
        check(newcomer.get("/-/healthy").status == 200, f"{claim}: postern is healthy")
        wire.heal()
        wait_for(lambda: newcomer.scrape().status == 200, f"{claim}: it succeeds afterwards", 10)
        newcomer.stop()

    for fault in ({"cut": 700}, {"trickle": 5}, {"black_hole": True}):
        wire.set(**fault)
        logins_go_on()
    failures = veteran.own_metrics().all("postern_scrape_failures_total")
    check(not sum(failures.values()), f"no scrape with a credential failed: {failures}")


harness.run(scenario)
