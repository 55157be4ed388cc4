"""`postern check` names cause and remedy for the database of the credential: it is down, denies access,
requires a missing authentication plugin, requires TLS or has no row for the target. The check then sends no
login to the service. With --no-login the check does not query the database; it asks a daemon about its
credential."""

import harness
from harness import check

SCHEMA = """
CREATE DATABASE whatsapp CHARACTER SET utf8mb4; USE whatsapp;
CREATE TABLE lookups (number varchar(24), country varchar(4), phone varchar(20));
CREATE TABLE whatsapp_config (country varchar(4) NOT NULL, phone varchar(20) NOT NULL,
  username varchar(45), password varchar(45), api_key varchar(50), company_name varchar(45));
INSERT INTO lookups VALUES ('447418342132', '44', '7418342132');
INSERT INTO whatsapp_config VALUES ('44', '7418342132', 'admin', '{service}', NULL, 'Test company');
INSTALL SONAME 'auth_ed25519';
CREATE USER postern@'%' IDENTIFIED BY '{database}';
CREATE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{database}');
CREATE USER strict@'%' IDENTIFIED BY '{database}' REQUIRE X509;
CREATE USER nosy@'%' IDENTIFIED BY '{database}';
GRANT SELECT ON whatsapp.* TO postern@'%', modern@'%', strict@'%';
"""


def scenario(stage):
    whatsapp = stage.whatsapp()
    password = stage.secret("database password", "D4tabase-s3cret")
    wrong = stage.secret("wrong database password", "Wr0ng-database-s3cret")
    database = stage.mariadb()
    database.run(SCHEMA.format(service=harness.PASSWORD, database=password))
    nobody = f"--web.listen-address=127.0.0.1:{harness.free_port()}"

    def configured(user="postern", secret=password, name=harness.TARGET, port=database.port):
        file = stage.folder_for("config") / "postern.yml"
        file.write_text("targets:\n" + stage.plain_target(
            whatsapp, name, credentials=f"{{ mysql: {{ host: 127.0.0.1, port: {port}, database: whatsapp,"
            f" user: {user}, password: {secret} }} }}"))
        return f"--config.file={file}"

    def faulty(title, cause, cure, environment=None, **keys):
        examination = stage.examine("--json", nobody, configured(**keys), environment=environment)
        examination.expect("credential", cause, cure)
        examination.expect_not_tried("login", "page", "rules", "scraper")
        print(f"{title}: cause and remedy are named")

    faulty("a wrong password", "denies access", "check user, password and the host that the account is for",
           secret=wrong)
    faulty("an account that may not read", "denies access to the database", "grant it to the user",
           user="nosy")
    faulty("a plugin that is not mounted", "requires an authentication plugin that is missing",
           "mount the plugins of libmariadb and name their folder in MARIADB_PLUGIN_DIR", user="modern",
           environment={"MARIADB_PLUGIN_DIR": str(stage.folder_for("plugins"))})
    faulty("an account that wants a certificate", "denies access", "or set tls_config", user="strict")
    faulty("no row", "the query returned no row for target 441111111111",
           "add it, or correct the target's name", name="441111111111")
    port = harness.free_port()
    faulty("a database that is down", f"mysql 127.0.0.1:{port}", "check that the server runs", port=port)
    check(whatsapp.counters()["logins"] == 0, "no login was sent without a credential")

    good = stage.examine("--json", nobody, configured(user="modern"))
    check(good.code == 0 and "user and password from database whatsapp at 127.0.0.1"
          in good.of("credential")[0]["what"], f"the plugin of the system is found: {good.output}")
    check(whatsapp.counters()["logins"] == 1, "one login")

    for file in (configured(), configured(user="nosy")):
        untouched = stage.examine("--json", "--no-login", nobody, file)
        check(untouched.code == 0, "the database is not queried")
        untouched.expect_not_tried("credential", "login", "page")

    file = configured()
    postern = stage.postern(file)
    check(postern.scrape().status == 200, "a daemon reads it")
    database.stop()
    asked = stage.examine("--json", f"--web.listen-address=127.0.0.1:{postern.port}", file)
    check(asked.code == 0 and "the daemon has read it from database whatsapp"
          in asked.of("credential")[0]["what"], f"the daemon keeps working: {asked.output}")


harness.run(scenario)
