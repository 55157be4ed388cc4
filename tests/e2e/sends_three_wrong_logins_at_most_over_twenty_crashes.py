"""A wrong password, 1,000 scrapes in a minute and 20 times `kill -9` meanwhile: at most 3 logins reach the
server. After the file changes, a scrape succeeds within 3 s."""

import time

import harness
from harness import check, wait_for

SCRAPES = 1000
SECONDS = 60
CRASHES = 20


def scenario(stage):
    whatsapp = stage.whatsapp()
    credentials = stage.credentials_folder(password="Wr0ng-password!")
    state = stage.folder_for("state")
    postern = stage.sidecar(whatsapp, f"--state.dir={state}", credentials=credentials)
    began = time.monotonic()
    for number in range(SCRAPES):
        due = began + number * SECONDS / SCRAPES
        wait_for(lambda: time.monotonic() >= due, "time passes")
        if number % (SCRAPES // CRASHES) == SCRAPES // CRASHES // 2:
            postern.process.kill()
            postern.start()
        answer = postern.scrape()
        check(answer.status in (502, 503), f"no scrape succeeds: {answer.status}")
    took = time.monotonic() - began
    logins = whatsapp.counters()["logins"]
    print(f"{SCRAPES} scrapes in {took:.0f} s, {CRASHES} crashes, {logins} logins")
    check(took < SECONDS * 1.5, f"it took a minute: {took}")
    check(1 <= logins <= 3, f"at most 3 logins: {logins}")

    changed = time.monotonic()
    (credentials / "password").write_text(harness.PASSWORD + "\n")
    wait_for(lambda: postern.scrape().status == 200, "a scrape succeeds after the change", 3)
    print(f"succeeded {time.monotonic() - changed:.1f} s after the change")


harness.run(scenario)
