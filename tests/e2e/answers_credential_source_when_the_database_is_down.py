"""A database that does not answer, without an earlier credential, is `credential_source`."""

import harness
from harness import expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    database_password = stage.secret("database password", "d4tabase-s3cret")
    port = harness.free_port()
    target = stage.plain_target(
        whatsapp, credentials="{ mysql: { host: 127.0.0.1, port: %d, database: whatsapp,"
        " user: postern, password: %s } }" % (port, database_password))
    postern = stage.postern(config="targets:\n" + target)
    expect_fault(postern, "credential_source", 503, "plain", mentions=f"127.0.0.1:{port}")
    harness.check(whatsapp.counters()["logins"] == 0, "no login is sent")


harness.run(scenario)
