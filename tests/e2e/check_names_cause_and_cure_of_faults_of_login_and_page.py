"""`postern check` names cause and remedy of the service's answers to logins and pages, without a daemon and
through one. Each check sends at most one login."""

import threading

import harness
from harness import check

LOGIN = "/v1/users/login"


class Bench:
    def __init__(self, stage):
        self.stage = stage
        self.unused = f"--web.listen-address=127.0.0.1:{harness.free_port()}"

    def examine(self, whatsapp, listen="", **keys):
        """A check of one target with the text page; it sends at most one login."""
        file = self.stage.folder_for("config") / "postern.yml"
        file.write_text("targets:\n" + self.stage.plain_target(whatsapp, **keys))
        return self.examine_file(whatsapp, file, listen)

    def examine_file(self, whatsapp, file, listen=""):
        before = whatsapp.requests(LOGIN)
        examination = self.stage.examine("--json", listen or self.unused, f"--config.file={file}")
        sent = whatsapp.requests(LOGIN) - before
        check(sent == (0 if listen else 1), f"{sent} logins were sent")
        return examination

    def rejects(self, whatsapp, cause, cure, **keys):
        examination = self.examine(whatsapp, **keys)
        examination.expect("login", cause, cure)
        examination.expect_not_tried("page", "rules")
        return examination


def scraper_gets(examination, line):
    examination.expect("scraper", f"HTTP/1.1 {line}", "correct what failed above")


def wrong_password(bench):
    whatsapp = bench.stage.whatsapp(password="An0ther-password!")
    examination = bench.rejects(whatsapp, "the login answered 401: user or password is wrong",
                                "write a user and password that the service accepts into folder")
    scraper_gets(examination, "502 login_rejected")


def password_change_required(bench):
    whatsapp = bench.stage.whatsapp(default_password=True)
    bench.rejects(whatsapp, "requires a change of this user's first password",
                  "change the password at the service, then write the new one into folder")


def limiter_holds(bench):
    whatsapp = bench.stage.whatsapp(max_bad_logins=1, limiter_window=600)
    whatsapp.log_in(bench.stage.authority.issue("another-container"), "wrong")
    examination = bench.rejects(whatsapp, "the login answered 429: too many requests",
                                "wait until the service accepts logins again")
    scraper_gets(examination, "503 login_throttled")


def login_answers_no_token(bench):
    whatsapp = bench.stage.whatsapp()
    whatsapp.provoke(LOGIN, status=200, body="<html>Welcome</html>", content_type="text/html")
    examination = bench.rejects(whatsapp, "the login answered 200 without a token at /users/0/token",
                                "compare the login (url, method, body, token) with what the service")
    scraper_gets(examination, "502 login_rejected")


def login_is_broken(bench):
    whatsapp = bench.stage.whatsapp()
    whatsapp.provoke(LOGIN, status=500)
    examination = bench.rejects(whatsapp, "the login answered 500",
                                "compare the login (url, method, body, token) with what the service")
    scraper_gets(examination, "502 login_failed")


def role_is_too_small(bench):
    examination = bench.examine(bench.stage.whatsapp(forbidden="/metrics"))
    examination.expect("page", "/metrics: forbidden: answered 403", "give the account the role")
    check(examination.of("login")[-1]["state"] == "ok", "the login succeeded")
    scraper_gets(examination, "502 forbidden")


def no_such_page(bench):
    whatsapp = bench.stage.whatsapp()
    examination = bench.examine(whatsapp, pages="[{ path: /metriks }]")
    examination.expect("page", "/metriks: status: answered 404", "the service does not have this page")
    scraper_gets(examination, "502 status")


def service_is_broken(bench):
    whatsapp = bench.stage.whatsapp()
    whatsapp.provoke("/metrics", status=500, body="broken")
    examination = bench.examine(whatsapp)
    examination.expect("page", "/metrics: status: answered 500", "see the service's log")


def page_is_empty(bench):
    examination = bench.examine(bench.stage.whatsapp(core_up=False))
    examination.expect("page", "/metrics: empty: ", "the answer contains no samples")
    scraper_gets(examination, "502 empty")


def page_is_html(bench):
    whatsapp = bench.stage.whatsapp()
    whatsapp.provoke("/metrics", body="<html><body>Log in</body></html>", content_type="text/html")
    examination = bench.examine(whatsapp)
    examination.expect("page", "/metrics: format: line 1", "set the page's format to what the service")
    scraper_gets(examination, "502 format")


def page_is_too_large(bench):
    examination = bench.examine(bench.stage.whatsapp(), sample_limit="5")
    examination.expect("page", "/metrics: limit: ", "raise the named limit")
    check("sample_limit" in examination.failures()[0]["what"], "the limit is named")
    scraper_gets(examination, "502 limit")


def page_is_cut(bench):
    whatsapp = bench.stage.whatsapp()
    whatsapp.provoke("/metrics", truncate=2000)
    examination = bench.examine(whatsapp)
    examination.expect("page", "/metrics: truncated: ", "the answer ends early")
    scraper_gets(examination, "502 truncated")


def page_hangs(bench):
    whatsapp = bench.stage.whatsapp()
    whatsapp.provoke("/metrics", stall=30)
    examination = bench.examine(whatsapp, scrape_timeout="500ms")
    examination.expect("page", "/metrics: timeout: ", "raise scrape_timeout, now 500 ms")
    scraper_gets(examination, "504 timeout")


def rules_drop_everything(bench):
    examination = bench.examine(bench.stage.whatsapp(), match="['nothing_of_that_name']")
    examination.expect("rules", "of 22 samples 22 dropped (match 22)", "postern rules", state="warning")
    check(examination.code == 0, "a page without series is expected")


def rules_make_duplicates(bench):
    examination = bench.examine(bench.stage.whatsapp(),
                                metric_relabel_configs="[{ action: labeldrop, regex: state }]")
    examination.expect("rules", "made duplicates of others, which Prometheus drops",
                       "find the rule that merges series with postern rules", state="warning")
    check(examination.code == 0, "it stays allowed")


def through_a_daemon(bench):
    """The same text, and no login by the check."""
    stage = bench.stage
    whatsapp = stage.whatsapp()
    file = stage.folder_for("config") / "postern.yml"
    file.write_text("targets:\n" + stage.plain_target(whatsapp, max_concurrent_scrapes="1",
                                                      hold_back="64KiB", scrape_timeout="1s"))
    postern = stage.postern(f"--config.file={file}")
    here = f"--web.listen-address=127.0.0.1:{postern.port}"
    check(postern.scrape().status == 200, "a successful scrape first")
    for provocation, line, cause in (
            ({"status": 500, "body": "x"}, "502 status", "/metrics: status: answered 500"),
            ({"body": "<html>"}, "502 format", "/metrics: format: line 1"),
            ({"truncate": 2000}, "502 truncated", "/metrics: truncated: ")):
        whatsapp.provoke("/metrics", **provocation)
        examination = bench.examine_file(whatsapp, file, here)
        examination.expect("page", cause, "")
        scraper_gets(examination, line)

    # Scrapes of another format share one run, which continues while more of them arrive.
    whatsapp.provoke("/metrics", stall=30)
    asked, end = whatsapp.requests("/metrics"), threading.Event()
    other_form = {"Accept": "application/openmetrics-text"}
    scrapes = []

    def keep_scraping():
        while not end.wait(0.2):
            scrapes.append(harness.in_background(lambda: postern.scrape(headers=other_form)))

    scraping = harness.in_background(keep_scraping)
    harness.wait_for(lambda: whatsapp.requests("/metrics") > asked, "they have the only slot")
    examination = bench.examine_file(whatsapp, file, here)
    end.set()
    scraping.result()
    for scrape in scrapes:
        scrape.result()
    examination.expect("scraper", "HTTP/1.1 503 busy", "scrape less often, or raise max_concurrent_scrapes")


FAULTS = [wrong_password, password_change_required, limiter_holds, login_answers_no_token,
          login_is_broken, role_is_too_small, no_such_page, service_is_broken, page_is_empty, page_is_html,
          page_is_too_large, page_is_cut, page_hangs, rules_drop_everything, rules_make_duplicates,
          through_a_daemon]


def scenario(stage):
    bench = Bench(stage)
    for fault in FAULTS:
        fault(bench)
        print(f"{fault.__name__.replace('_', ' ')}: cause and remedy are named")


harness.run(scenario)
