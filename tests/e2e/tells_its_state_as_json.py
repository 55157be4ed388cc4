"""/api/v1/status follows tests/data/status/schema.json in every state, and its content is correct. It has
process and configuration, the state of each target with reason, time and next step, the certificates in use
and the results of the last scrapes."""

import os
import time

import harness
from harness import TARGET, check

def scenario(stage):
    whatsapp = stage.whatsapp(health="multi")
    tls, credentials = stage.tls_folder(), stage.credentials_folder()
    begun = int(time.time())
    postern = stage.sidecar(whatsapp, tls=tls, credentials=credentials)

    document = postern.status()
    target = document["targets"][0]
    check(document["pid"] == postern.process.pid, "the pid is the process's own")
    check(document["config"]["file"] is None, "the target comes from flags")
    check(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begun)) <= document["started"]
          <= document["now"], f"started at {document['started']}")
    check((target["name"], target["preset"], target["url"]) == (TARGET, "whatsapp", whatsapp.url),
          f"which target it is: {target}")
    check(target["state"] == document["state"] == "unknown", "an unscraped target is unknown")
    check(target["since"] is None and target["scrapes"]["last"] == [], "nothing has happened")
    check([entry["role"] for entry in target["certificates"]] == ["client", "ca"],
          "the mounted certificates are known before the first scrape")
    client, ca = target["certificates"]
    check((client["file"], client["subject"], client["names"], client["issuer"])
          == (f"{tls}/tls.crt", "postern", "postern", "Scenario CA"), f"whose it is: {client}")
    check(client["days_left"] in (29, 30) and ca["subject"] == "Scenario CA", f"days: {client}")

    check(postern.scrape().status == 200, "a successful scrape")
    document = postern.status()
    target = document["targets"][0]
    check(target["state"] == "ok" and target["fault"] is None and target["warnings"] == [],
          f"all is well: {target['verdict']} {target['warnings']}")
    check(target["health"]["healthy"] is True and target["health"]["as_of"], f"its health: {target['health']}")
    session = target["session"]
    check(session["proves_itself_by"] == "login" and session["logged_in"], f"{session}")
    check(session["token_expires"]["in_seconds"] > 3600, f"the token's expiry is known: {session}")
    check(target["credential"]["found"] and target["credential"]["source"] == "file", "credential")
    check([entry["role"] for entry in target["certificates"]] == ["client", "ca", "upstream"],
          "the service's certificate is known")
    check(target["certificates"][2]["names"] == "whatsapp-web", f"{target['certificates'][2]}")
    check(len(target["pages"]) == 4 and all(page["up"] for page in target["pages"]), "every page")
    check(target["page"]["samples"] > 10 and target["page"]["bytes"] > 1000, f"{target['page']}")
    check(target["config"]["credentials"] == {"file": {"directory": str(credentials)}},
          f"the source of the credential is shown: {target['config']['credentials']}")

    whatsapp.set(password="An0ther-horse!")
    whatsapp.revoke_tokens()
    check(postern.scrape().status == 502, "the password is wrong now")
    document = postern.status()
    target = document["targets"][0]
    check(document["state"] == "failing" and target["fault"] == "login_rejected", f"{target}")
    check("401" in target["why"] and target["verdict"] == "the service rejects the credential",
          f"why: {target['why']}")
    wait = target["next_attempt"]["in_seconds"]
    check(29 <= wait <= 60 and "until the credential changes" in target["next"], f"next: {target}")
    session = target["session"]
    check(session["waiting_after"] == "login_rejected" and session["rejections_in_a_row"] == 1
          and not session["logged_in"] and session["token_expires"] is None, f"{session}")
    check([scrape["fault"] for scrape in target["scrapes"]["last"]] == [None, "login_rejected"],
          "the results of the last scrapes")

    for _ in range(70):
        postern.scrape()
    scrapes = postern.status()["targets"][0]["scrapes"]
    check(scrapes["total"] == 72 and len(scrapes["last"]) == 60, "the last sixty are stored")

    (tls / "tls.crt").write_text("half a certif")
    harness.wait_for(lambda: postern.status()["targets"][0]["material"]["error"],
                     "a bad renewal is reported")
    check(any("tls.crt" in warning for warning in postern.status()["targets"][0]["warnings"]),
          "and is a warning")

    twin = stage.sidecar(whatsapp, tls=tls, credentials=credentials)
    other = stage.sidecar(whatsapp, "--target.scrape-timeout=5s", tls=tls, credentials=credentials)
    fingerprints = [each.status()["config"]["fingerprint"] for each in (postern, twin, other)]
    check(fingerprints[0] == fingerprints[1] != fingerprints[2],
          f"the fingerprint is the configuration's: {fingerprints}")
    check(os.path.isfile(f"/proc/{twin.status()['pid']}/cmdline"), "each reports its own pid")


harness.run(scenario)
