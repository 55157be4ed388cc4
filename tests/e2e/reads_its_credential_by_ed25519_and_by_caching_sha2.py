"""From a database that is named by its host name the credential is read with an account of ed25519,
and with one of caching_sha2_password: MariaDB's client loads a plugin for each when it is asked to."""

import harness
from harness import check, check_answer
from harness.caching_sha2 import CachingSha2

SCHEMA = """
INSTALL SONAME 'auth_ed25519';
CREATE DATABASE whatsapp CHARACTER SET utf8mb4; USE whatsapp;
CREATE TABLE credentials (number varchar(24), username varchar(45), password varchar(45));
INSERT INTO credentials VALUES ('ed25519', 'admin', '%s'), ('sha2', 'admin', '%s');
CREATE USER curve IDENTIFIED VIA ed25519 USING PASSWORD('%s');
CREATE USER relay IDENTIFIED BY '%s';
GRANT SELECT ON whatsapp.* TO curve, relay;
"""


def scenario(stage):
    whatsapp = stage.whatsapp()
    passwords = [stage.secret(f"password of {user}", f"D4tabase-{user}") for user in ("curve", "relay")]
    database = stage.mariadb()
    database.run(SCHEMA % (harness.PASSWORD, harness.PASSWORD, *passwords))
    relay = CachingSha2(database, "relay", passwords[1])
    tls = stage.tls_folder()

    def target(name, port, user, password, more=""):
        credentials = (
            f"{{ mysql: {{ host: localhost, port: {port}, database: whatsapp, user: {user},"
            f" password: {password}, query: 'SELECT username, password FROM credentials WHERE"
            f" number = ?'{more} }} }}")
        return stage.plain_target(whatsapp, name=name, credentials=credentials)

    verified = f", tls_config: {{ ca_file: {tls}/ca.crt }}"
    wrong = stage.secret("a wrong password", "Wr0ng-one!")
    postern = stage.postern(config="targets:\n"
                            + target("ed25519", database.port, "curve", passwords[0], verified)
                            + target("sha2", relay.port, "relay", passwords[1])
                            + target("wrong", relay.port, "relay", wrong))
    for name in ("ed25519", "sha2"):
        answer = postern.scrape(name)
        check(answer.status == 200, f"a good scrape of {name}: {answer.status} {answer.body}")
    check(relay.logins >= 1, "by caching_sha2_password")
    check_answer(postern.scrape("wrong"), "credential_source", 503, "wrong", mentions="1045")
    relay.stop()


harness.run(scenario)
