"""`postern check` reports the result of each step of the path. Without a daemon it announces and sends one
login; with --no-login none. If a daemon serves the same configuration, it asks that daemon and sends no
login. `--target` selects one target, the environment suffices as configuration, and bad usage is 2."""

import harness
from harness import check

STEPS = ["file", "certificates", "credential", "name", "port", "tls", "client", "login", "page",
         "rules", "scraper"]


def names_of(examination):
    """The steps of the target in their order, each once."""
    names = [step["step"] for step in examination.steps if step["target"]]
    return list(dict.fromkeys(names))


def scenario(stage):
    whatsapp = stage.whatsapp()
    flags = stage.sidecar_flags(whatsapp)
    nobody = f"--web.listen-address=127.0.0.1:{harness.free_port()}"

    alone = stage.examine("--json", nobody, *flags)
    check(alone.code == 0 and names_of(alone) == STEPS, f"every step succeeds: {alone.output}")
    announced, login = alone.of("login")
    check(announced["state"] == "note" and "one login will be sent to" in announced["what"]
          and "no daemon serves this configuration" in announced["what"], "the login is announced")
    check("the token expires in 7 days" in login["what"], f"{login}")
    handshake = alone.of("tls")[0]
    for word in ("TLS 1.3", "'whatsapp-web'", "signed by 'Scenario CA'", "29 days left",
                 "its chain ends at 'Scenario CA'"):
        check(word in handshake["what"], f"the handshake step contains {word}: {handshake['what']}")
    pages = [page["what"] for page in alone.of("page")]
    check(len(pages) == 4 and "/metrics: 200, whatsapp_json, 22 samples" in pages[0], f"{pages}")
    check("HTTP/1.1 200 OK" in alone.of("scraper")[0]["what"], "the scraper's result")
    check(whatsapp.counters()["logins"] == 1, "one login was sent")

    without = stage.examine("--json", "--no-login", nobody, *flags)
    check(without.code == 0, "nothing failed")
    without.expect_not_tried("login", "page", "rules", "scraper")
    check(without.of("client")[0]["state"] == "ok", "the client certificate was tried")
    check(whatsapp.counters()["logins"] == 1, "--no-login sends none")
    check(whatsapp.requests("/metrics") == 1, "and requests no page")

    environment = {"POSTERN_" + name[2:].replace(".", "_").replace("-", "_").upper(): value
                   for name, value in (flag.split("=", 1) for flag in flags)}
    by_environment = stage.examine("--no-login", nobody, environment=environment)
    check(by_environment.code == 0 and "nothing failed" in by_environment.output,
          "no argument is needed where the environment says it all")

    postern = stage.postern(*flags)
    here = f"--web.listen-address=127.0.0.1:{postern.port}"
    check(postern.scrape().status == 200, "a scraper is served")
    for _ in range(3):
        asked = stage.examine("--json", here, *flags)
        check(asked.code == 0 and names_of(asked) == STEPS, f"it succeeds through the daemon: {asked.output}")
        check(asked.of("daemon")[0]["details"]["kind"] == "serves", "the daemon is found")
        check(len(asked.of("page")) == 4 and "22 samples" in asked.of("page")[0]["what"], "pages")
    check(whatsapp.counters()["logins"] == 2, "only the daemon has logged in")
    scrapes = postern.own_metrics().value("postern_scrapes_total", target=harness.TARGET)
    asked = stage.examine("--json", "--no-login", here, *flags)
    check("logged in since" in asked.of("login")[0]["what"], "the session is reported without a scrape")
    asked.expect_not_tried("page", "rules", "scraper")
    check(postern.own_metrics().value("postern_scrapes_total", target=harness.TARGET) == scrapes,
          "and the daemon did not send its token")

    file = stage.folder_for("config") / "postern.yml"
    file.write_text("targets:\n" + stage.plain_target(
        whatsapp, "one", metric_relabel_configs="[{ regex: 'web_.*', source_labels: [__name__],"
        " action: drop }]") + stage.plain_target(whatsapp, "two", match="['api_requests_duration_ms_sum']"))
    both = stage.examine("--json", nobody, f"--config.file={file}")
    check({step["target"] for step in both.steps} == {None, "one", "two"}, "every target")
    check("relabel 12" in both.of("rules", "one")[0]["what"], f"{both.of('rules', 'one')}")
    check("match 20" in both.of("rules", "two")[0]["what"], f"{both.of('rules', 'two')}")
    one = stage.examine("--json", "--no-login", "--target=two", nobody, f"--config.file={file}")
    check({step["target"] for step in one.steps} == {None, "two"}, "only one target")

    for wrong, words in ((("--target=three", f"--config.file={file}"), "expected one of one, two"),
                         (("--nonsense",), "unknown flag"),
                         ((), "kubectl exec sees the environment and not the arguments"),
                         (("--live", "--json"), "cannot be combined with --live")):
        usage = stage.examine(*wrong)
        check(usage.code == 2 and words in usage.complaints, f"{wrong}: {usage.code} {usage.said()}")


harness.run(scenario)
