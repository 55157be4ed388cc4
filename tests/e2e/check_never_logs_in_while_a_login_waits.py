"""No check locks an account. A daemon that waits after a rejected login is asked and nothing is sent,
also when it serves another configuration of the same target. What a daemon left in --state.dir holds,
and what a check was told there holds for the daemon that starts next. When something listens that cannot
be asked whether it waits, no login is sent either. A changed credential ends the wait, as it does for
the daemon."""

import http.server
import threading

import harness
from harness import check, wait_for

WRONG = "Wr0ng-password!"


class Locked(http.server.BaseHTTPRequestHandler):
    """A front that wants a login for everything."""

    def do_GET(self):
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_):
        pass


def scenario(stage):
    whatsapp = stage.whatsapp()
    credentials = stage.credentials_folder(password=WRONG)
    state = stage.folder_for("state")
    flags = stage.sidecar_flags(whatsapp, credentials=credentials)
    nobody = f"--web.listen-address=127.0.0.1:{harness.free_port()}"

    def logins():
        return whatsapp.counters()["logins"]

    postern = stage.postern(*flags)
    here = f"--web.listen-address=127.0.0.1:{postern.port}"
    check(postern.scrape().reason == "login_rejected" and logins() == 1, "the daemon is rejected")
    for others in ([], ["--target.scrape-timeout=9s"]):
        for _ in range(3):
            examination = stage.examine("--json", here, *flags, *others)
            kind = examination.of("daemon")[0]["details"]["kind"]
            check(kind == ("serves_other" if others else "serves"), f"the daemon is found: {kind}")
            examination.expect(
                "login", "waiting after login_rejected (the login answered 401: user or password is wrong",
                f"write a user and password that the service accepts into folder {credentials}")
            check("the next login is tried in " in examination.of("login")[0]["what"], "and says when")
            examination.expect_not_tried("page", "rules", "scraper")
            check(examination.code == 1 and logins() == 1, "no login is sent while the daemon waits")
    postern.stop()

    # Of others that have no daemon to ask
    for number in range(3):
        examination = stage.examine("--json", nobody, f"--state.dir={state}", *flags)
        examination.expect("login", "login_rejected" if number else "the login answered 401", "folder")
        check(logins() == 2, "one login, and then the wait that it left in --state.dir")
    postern = stage.postern(f"--state.dir={state}", *flags)
    answer = postern.scrape()
    check(answer.reason == "backoff" and logins() == 2, f"the daemon that starts next waits: {answer.body}")
    postern.stop()
    examination = stage.examine("--json", nobody, f"--state.dir={state}", *flags)
    examination.expect("login", "waiting after login_rejected", "folder")
    check(logins() == 2, "a wait of a daemon that has gone holds")

    with http.server.HTTPServer(("127.0.0.1", 0), Locked) as front:
        threading.Thread(target=front.serve_forever, daemon=True).start()
        examination = stage.examine("--json", f"--web.listen-address=127.0.0.1:{front.server_port}", *flags)
        front.shutdown()
    examination.expect("daemon", "does not report its state: answers 401: a login is required",
                       "give the daemon a --web.health-address")
    examination.expect_not_tried("login", "page")
    check(logins() == 2, "nobody knows whether it waits, so nothing is sent")

    (credentials / "password").write_text(harness.PASSWORD + "\n")
    examination = stage.examine("--json", nobody, f"--state.dir={state}", *flags)
    check(examination.code == 0 and logins() == 3, f"a changed credential is tried: {examination.output}")
    postern = stage.postern(f"--state.dir={state}", *flags)
    wait_for(lambda: postern.scrape().status == 200, "and the daemon does not wait any more")


harness.run(scenario)
