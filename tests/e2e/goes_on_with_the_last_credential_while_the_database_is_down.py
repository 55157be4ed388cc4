"""The credential is from MariaDB over TLS with a client certificate. When the database stops, scrapes and
logins continue and a metric shows the age of the credential. A daemon that starts without the database
answers `credential_source`, and the first scrape after its return succeeds. Without TLS an account that
requires X509 is refused, and the message says why."""

import harness
from harness import check, check_answer, wait_for


def target(whatsapp, database, tls, database_password, with_tls=True):
    material = f"tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key"
    of_database = f", {material} }}" if with_tls else ""
    return (
        "targets:\n"
        f'  - name: "{harness.TARGET}"\n    preset: whatsapp\n    url: {whatsapp.url}\n'
        f"    {material}, server_name: whatsapp-web }}\n"
        f"    credentials: {{ mysql: {{ host: 127.0.0.1, port: {database.port}, database: whatsapp,"
        f" user: postern, password: {database_password}{of_database} }} }}\n")


def scenario(stage):
    whatsapp = stage.whatsapp(token_life=3, health="multi")
    database_password = stage.secret("database password", "D4tabase-s3cret")
    database = stage.mariadb()
    database.run(harness.database_schema(database_password))
    tls = stage.tls_folder()
    postern = stage.postern(config=target(whatsapp, database, tls, database_password))
    answer = postern.scrape()
    check(answer.status == 200, f"a successful scrape: {answer.status} {answer.body}")
    check('customer_name="Test company"' in answer.body, "the company's name is a label")
    check("postern" not in database.run("SHOW PROCESSLIST"), "no connection stays open")

    def metric(name, **labels):
        return postern.own_metrics().value(name, target=harness.TARGET, **labels)

    read = metric("postern_credential_last_success_timestamp_seconds", source="mysql")
    good = "postern_credential_last_read_successful"
    check(metric(good, source="mysql") == 1, "the last read succeeded")
    database.stop()
    logins = whatsapp.counters()["logins"]
    wait_for(lambda: postern.scrape().status == 200 and whatsapp.counters()["logins"] >= logins + 2,
             "logins and scrapes continue without the database", 30)
    check(metric("postern_scrape_failures_total", reason="credential_source") == 0, "no failure")
    check(metric("postern_credential_reloads_total", source="mysql", result="failure") >= 1,
          "the failed read is counted")
    check(metric(good, source="mysql") == 0, "the last read failed")
    later = metric("postern_credential_last_success_timestamp_seconds", source="mysql")
    check(0 < later < postern_time(postern) - 1, f"its age is shown: {read} {later}")

    second = stage.postern(config=target(whatsapp, database, tls, database_password))
    check_answer(second.scrape(), "credential_source", 503, harness.TARGET)
    database.start()
    wait_for(lambda: "1" in database.run("SELECT 1"), "MariaDB is back")

    def first_scrape_after_its_return():
        answer = second.scrape()
        if answer.status == 200:
            return True
        check(answer.reason == "credential_source", f"no other fault: {answer.body}")
        return False

    wait_for(first_scrape_after_its_return, "the scrape succeeds once the source may be asked", 3)

    plain = stage.postern(config=target(whatsapp, database, tls, database_password,
                                        with_tls=False))
    answer = plain.scrape()
    check_answer(answer, "credential_source", 503, harness.TARGET, mentions="tls_config")


def postern_time(postern):
    return postern.own_metrics().value("process_start_time_seconds") + 3


harness.run(scenario)
