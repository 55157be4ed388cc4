"""`--mysql.dir` names a folder that describes the database of the credential. It may appear late; until then
scrapes answer `credential_source` and name the file. A wrong password of the database account waits like a
rejected login, regardless of the number of scrapes. The corrected folder is used at once, without a reload,
and so is a moved database."""

import harness
from harness import TARGET, check, check_answer, expect_fault, wait_for

PATIENCE = 10  # seconds; the folder is polled every second


def scenario(stage):
    whatsapp = stage.whatsapp()
    database_password = stage.secret("database password", "D4tabase-s3cret")
    wrong = stage.secret("wrong database password", "Wr0ng-s3cret")
    database = stage.mariadb()
    database.run(harness.database_schema(database_password))
    mount = stage.folder_for("mysql")
    tls = stage.tls_folder()
    postern = stage.postern(
        f"--target.name={TARGET}", f"--target.url={whatsapp.url}", "--target.preset=whatsapp",
        "--target.server-name=whatsapp-web", f"--tls.dir={tls}", f"--mysql.dir={mount}")
    expect_fault(postern, "credential_source", 503, TARGET, mentions=f"{mount}/host is missing")

    def write(**files):
        for name, text in files.items():
            (mount / name.replace("_", ".")).write_text(text)

    def denied():
        return int(database.run("SHOW GLOBAL STATUS LIKE 'Access_denied_errors'").split()[-1])

    write(port=str(database.port), database="whatsapp\n", username="postern\n", password=wrong,
          ca_crt=(tls / "ca.crt").read_text(), tls_crt=(tls / "tls.crt").read_text(),
          tls_key=(tls / "tls.key").read_text())
    write(host="127.0.0.1\n")
    wait_for(lambda: "denies access" in postern.scrape().body, "the folder is loaded", PATIENCE)
    before = denied()
    for _ in range(50):
        check_answer(postern.scrape(), "credential_source", 503, TARGET, mentions="denies access")
    check(denied() == before, f"it waits: {denied()} after {before}")
    write(password=database_password + "\n")
    wait_for(lambda: postern.scrape().status == 200, "the right password is tried at once", PATIENCE)
    check(whatsapp.counters()["logins"] == 1, "by one login")

    def reads():
        return postern.own_metrics().value("postern_credential_last_success_timestamp_seconds",
                                           target=TARGET, source="mysql")

    last = reads()
    write(host="localhost\n")
    wait_for(lambda: reads() > last, "a moved database is asked without a reload", PATIENCE)
    check(postern.scrape().status == 200, "everything keeps working")


harness.run(scenario)
