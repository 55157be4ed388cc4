"""`--state.dir` is on a full disk: scrapes and waits continue, the log says once what is lost, and the old
state file stays complete. When the disk has space again, the state is saved again."""

import contextlib
import json

import harness
from harness import check, expect_fault, wait_for
from harness.namespaces import enter_own_namespaces, mount

COMPLAINT = "cannot store the back-off for a restart"


def fill(folder):
    with open(folder / "other", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def scenario(stage):
    state = stage.folder_for("state")
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", state)
    kept = state / f"{harness.TARGET}.json"
    whatsapp = stage.whatsapp()
    credentials = stage.credentials_folder()
    postern = stage.sidecar(whatsapp, f"--state.dir={state}", credentials=credentials)
    check(postern.scrape().status == 200, "a successful scrape")
    before = kept.read_text()

    fill(state)
    whatsapp.revoke_tokens()
    check(postern.scrape().status == 200, "it logs in again despite the full disk")
    wait_for(lambda: COMPLAINT in postern.process.output(), "the log says it")
    check(kept.read_text() == before, "the old state is complete")
    log = postern.process.output()
    check(log.count(COMPLAINT) == 1 and "No space left" in log, "the log says it once, and why")

    whatsapp.set(password="An0ther-passw0rd")
    whatsapp.revoke_tokens()
    expect_fault(postern, "login_rejected", 502, harness.TARGET)
    expect_fault(postern, "backoff", 503, harness.TARGET)
    check(postern.process.output().count(COMPLAINT) == 1, "once, not at each login")

    (state / "other").unlink()
    wrong = stage.secret("wrong password", "Wr0ng-passw0rd")
    (credentials / "password").write_text(wrong)
    wait_for(lambda: postern.scrape().reason == "login_rejected", "the next login", 5)
    wait_for(lambda: json.loads(kept.read_text())["rejections"] == 2, "with free space it is saved again")
    check([file.name for file in state.iterdir()] == [kept.name], "and the folder has no other file")


enter_own_namespaces()
harness.run(scenario)
