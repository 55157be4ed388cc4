"""A database with a host name: postern reads the credential with an account of ed25519, and over TLS with one
of caching_sha2_password. MariaDB's client loads a plugin for each. Without TLS an account of
caching_sha2_password is refused before any part of the password is sent. An account of mysql_native_password
is accepted, although the server proposes caching_sha2_password to both."""

import harness
from harness import check, check_answer, expect_fault
from harness.caching_sha2 import CachingSha2

SCHEMA = """
INSTALL SONAME 'auth_ed25519';
CREATE DATABASE whatsapp CHARACTER SET utf8mb4; USE whatsapp;
CREATE TABLE credentials (number varchar(24), username varchar(45), password varchar(45));
INSERT INTO credentials VALUES ('ed25519', 'admin', '%s');
INSERT INTO credentials SELECT number, username, password FROM
  (SELECT 'ed25519-plain' AS number UNION SELECT 'cached' UNION SELECT 'full' UNION SELECT 'native')
  AS numbers, (SELECT username, password FROM credentials) AS account;
CREATE USER curve IDENTIFIED VIA ed25519 USING PASSWORD('%s');
CREATE USER relay IDENTIFIED BY '%s';
GRANT SELECT ON whatsapp.* TO curve, relay;
"""


def scenario(stage):
    whatsapp = stage.whatsapp()
    passwords = [stage.secret(f"password of {user}", f"D4tabase-{user}") for user in ("curve", "relay")]
    database = stage.mariadb()
    database.run(SCHEMA % (harness.PASSWORD, *passwords))
    pair = stage.authority.issue("localhost")
    tls = stage.tls_folder()

    def relay(**options):
        return CachingSha2(database, "relay", passwords[1], **options)

    relays = {"cached": relay(pair=pair), "full": relay(pair=pair, cached=False),
              "native": relay(plugin=b"mysql_native_password\0"),
              "cached-plain": relay(), "full-plain": relay(cached=False),
              "clear-plain": relay(plugin=b"mysql_clear_password\0"),
              "sha256-plain": relay(plugin=b"sha256_password\0")}
    relays["wrong"] = relays["cached"]

    def target(name, port, user, password, verified):
        more = f", tls_config: {{ ca_file: {tls}/ca.crt }}" if verified else ""
        credentials = (
            f"{{ mysql: {{ host: localhost, port: {port}, database: whatsapp, user: {user},"
            f" password: {password}, query: 'SELECT username, password FROM credentials WHERE"
            f" number = ?'{more} }} }}")
        return stage.plain_target(whatsapp, name=name, credentials=credentials)

    wrong = stage.secret("a wrong password", "Wr0ng-one!")
    encrypted = ("cached", "full", "wrong")
    postern = stage.postern(
        config="targets:\n"
        + target("ed25519", database.port, "curve", passwords[0], True)
        + target("ed25519-plain", database.port, "curve", passwords[0], False)
        + "".join(target(name, server.port, "relay", wrong if name == "wrong" else passwords[1],
                         name in encrypted)
                  for name, server in relays.items()))
    for name in ("ed25519", "ed25519-plain", "cached", "full", "native"):
        answer = postern.scrape(name)
        check(answer.status == 200, f"a successful scrape of {name}: {answer.status} {answer.body}")
        check(name not in relays or relays[name].logins >= 1, f"a login to {name}")
    check_answer(postern.scrape("wrong"), "credential_source", 503, "wrong", mentions="1045")
    for name in ("cached-plain", "full-plain", "clear-plain", "sha256-plain"):
        expect_fault(postern, "credential_source", 503, name,
                     mentions="a connection without TLS would reveal; the password was not sent: "
                              "set tls_config")
        check(relays[name].received == [], f"{name} receives nothing: {relays[name].received}")
    for server in relays.values():
        server.stop()


harness.run(scenario)
