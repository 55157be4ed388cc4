"""The wall clock jumps (libfaketime): a jump of an hour forward ends no wait and no token, and a day back
extends none. Certificates are checked by the wall clock, and the error names a wrong clock."""

import glob
import time

import harness
from harness import check, wait_for

WAIT = 3  # seconds after a throttled login
HOUR, DAY = 3600, 86400


class Clock:
    """The clock of one process; monotonic time does not change, as when somebody sets the clock."""

    def __init__(self, folder):
        self._file = folder / "faketime"
        self.jump(0)
        self.environment = {
            "LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0],
            "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            "POSTERN_SANDBOX": "off"}  # libfaketime reads this file

    def jump(self, seconds: int):
        """Sets the clock to the true time plus an offset."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self._file)


def scenario(stage):
    clock = Clock(stage.folder)
    # Certificates that were valid yesterday as well.
    stage.authority = harness.Authority(stage.folder / "old-authority", days_ago=2)
    mount = stage.tls_folder()
    whatsapp = stage.whatsapp()
    state = stage.folder_for("state")
    credentials = stage.credentials_folder()
    flags = (f"--target.url={whatsapp.url}", "--target.preset=whatsapp",
             "--target.server-name=whatsapp-web", f"--tls.dir={mount}",
             f"--credentials.dir={credentials}", f"--state.dir={state}")
    postern = stage.postern(*flags, environment=clock.environment)

    def logins():
        return whatsapp.counters()["logins"]

    def good(claim):
        answer = postern.scrape()
        check(answer.status == 200, f"{claim}: {answer.body[:300]}")

    good("a scrape")
    for claim, jump in (("an hour forward", HOUR), ("a day back", -DAY), ("right again", 0)):
        clock.jump(jump)
        good(claim)
        check(logins() == 1, f"{claim}: the token is still valid")

    # A wait ends when its time is over, neither sooner nor later.
    for jump in (HOUR, -DAY):
        clock.jump(0)
        whatsapp.provoke("/v1/users/login", headers=[f"Retry-After: {WAIT}"], status=429)
        whatsapp.revoke_tokens()
        answer = postern.scrape()
        check(answer.reason == "login_throttled", f"a wait begins: {answer.body}")
        began = time.monotonic()
        whatsapp.clear()
        before = logins()
        clock.jump(jump)
        answer = postern.scrape()
        check(answer.reason == "backoff" and 1 <= int(answer.headers["Retry-After"]) <= 2 * WAIT,
              f"it continues: {answer.body}")
        wait_for(lambda: postern.scrape().status == 200, "it ends", 2 * WAIT + 3)
        waited = time.monotonic() - began
        check(waited > WAIT / 2, f"after its time: {waited}")
        check(logins() == before + 1, "by one login")
        seen = postern.own_metrics().value("postern_login_last_success_timestamp_seconds",
                                           target="default")
        check(abs(seen - (time.time() + jump)) < 60, f"the clock has jumped for the daemon: {seen}")

    # In ten years every certificate has expired, ten days ago none was valid yet.
    for jump, words in ((3650 * DAY, "expired"), (-10 * DAY, "not yet valid")):
        postern.stop()
        clock.jump(jump)
        postern.start()
        harness.check_answer(postern.scrape(), "tls", 502, "default", mentions=words)
    clock.jump(0)
    wait_for(lambda: postern.scrape().status == 200, "it succeeds with the right clock")


harness.run(scenario)
