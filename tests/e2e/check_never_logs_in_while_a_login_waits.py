"""No check locks an account. The check asks a daemon that waits after a rejected login and sends none, also
if that daemon has another configuration of the same target. The wait in --state.dir applies to a check, and a
check's rejection applies to the next daemon. If a listener cannot say whether it waits, the check sends no
login either. A changed credential ends the wait, as in the daemon."""

import http.server
import threading

import harness
from harness import check, wait_for

WRONG = "Wr0ng-password!"


class Locked(http.server.BaseHTTPRequestHandler):
    """A proxy that requires a login for everything."""

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

    # Checks without a daemon
    for number in range(3):
        examination = stage.examine("--json", nobody, f"--state.dir={state}", *flags)
        examination.expect("login", "login_rejected" if number else "the login answered 401", "folder")
        check(logins() == 2, "one login, and then its wait in --state.dir")
    postern = stage.postern(f"--state.dir={state}", *flags)
    answer = postern.scrape()
    check(answer.reason == "backoff" and logins() == 2, f"the next daemon waits: {answer.body}")
    postern.stop()
    examination = stage.examine("--json", nobody, f"--state.dir={state}", *flags)
    examination.expect("login", "waiting after login_rejected", "folder")
    check(logins() == 2, "the wait of an ended daemon applies")

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
    wait_for(lambda: postern.scrape().status == 200, "and the daemon no longer waits")


harness.run(scenario)
