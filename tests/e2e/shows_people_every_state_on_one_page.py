"""The status page shows each state in plain words, also on a phone and in dark mode. The states are healthy,
every fault, a back-off that counts down, a service that reports itself as unhealthy, a target that was not
scraped yet or whose health page failed, a certificate that is about to expire. It sends requests only to
postern, runs and loads nothing from a service, and updates without being loaded again.
`--web.status-page=false` switches it off.

Screenshots are left in the folder `screenshots` of the build.
"""

import re
import threading

import harness
from harness import check, visit

UNHEALTHY = '{"health":{"10.0.0.1:core-0":{"gateway_status":"disconnected","role":"coreapp"}}}'
MARKUP = "<img src=//evil.example/x onerror=alert(1)>"
WORDS = {
    "no_credential": "The credential for the login is missing.",
    "credential_source": "The credential source cannot be read.",
    "login_rejected": "The service rejects the credential.",
    "login_throttled": "The service accepts no more logins for now.",
    "login_failed": "The login does not work.",
    "backoff": "The service rejects the credential; waiting before the next login.",
    "resolve": "The name of the service has no address.",
    "connect": "The service cannot be reached.",
    "tls": "The TLS connection to the service failed.",
    "timeout": "The page did not arrive in time.",
    "status": "The service answers with an error.",
    "forbidden": "The credential may not read the page.",
    "empty": "The page contains no samples.",
    "format": "The page cannot be read.",
    "limit": "The page is larger than a limit allows.",
    "truncated": "The page ended before it was complete.",
    "busy": "More scrapes arrived at once than the limits allow.",
}


def faulty_targets(stage, whatsapp) -> str:
    """A target for each fault, named after it."""
    def page(path):
        return f"[{{ path: {path}, format: text }}]"

    def login(path):
        return f"{{ url: {path}, basic_auth: true, backoff: {{ rejected: 20m }} }}"

    whatsapp.provoke("/logs-in/never", status=401)
    whatsapp.provoke("/logs-in/later", status=429)
    whatsapp.provoke("/logs-in/badly", status=500)
    whatsapp.provoke("/empty", status=200, body="# nothing\n", content_type="text/plain")
    whatsapp.provoke("/odd", status=200, body=f"{MARKUP}\n", content_type="text/plain")
    whatsapp.provoke("/forbidden", status=403)
    whatsapp.provoke("/missing", status=404)
    whatsapp.provoke("/cut", status=200, body="up 1\n" * 500, content_type="text/plain", truncate=99)
    whatsapp.provoke("/silent", stall=60)
    text = "".join(stage.plain_target(whatsapp, name, **keys) for name, keys in {
        "no_credential": {"credentials": f"{{ directory: {stage.folder_for('nothing')} }}"},
        "credential_source": {"credentials": "{ mysql: { host: 127.0.0.1, database: w, user: u,"
                                             f" password: p, port: {harness.free_port()} }} }}"},
        "login_rejected": {"login": login("/logs-in/never")},
        "login_throttled": {"login": login("/logs-in/later")},
        "login_failed": {"login": login("/logs-in/badly")},
        "backoff": {"login": login("/logs-in/never")},
        "timeout": {"pages": page("/silent"), "scrape_timeout": "250ms"},
        "status": {"pages": page("/missing")},
        "forbidden": {"pages": page("/forbidden")},
        "empty": {"pages": page("/empty")},
        "format": {"pages": page("/odd")},
        "limit": {"sample_limit": "3"},
        "truncated": {"pages": page("/cut")},
        "busy": {"pages": page("/silent"), "max_concurrent_scrapes": "1", "scrape_timeout": "60s"},
    }.items())
    for name, url, server_name in (("resolve", "https://nowhere.invalid", "nowhere.invalid"),
                                   ("connect", f"https://127.0.0.1:{harness.free_port()}", "x"),
                                   ("tls", whatsapp.url, "another-name")):
        text += stage.plain_target(whatsapp, name).replace(whatsapp.url, url).replace(
            "server_name: whatsapp-web", f"server_name: {server_name}")
    return text


def provoke_faults(postern):
    for fault in WORDS:
        if fault != "busy":
            postern.scrape(fault)
    postern.scrape("backoff")
    # Two scrapes for different formats cannot share; the first one is still active at the end.
    threading.Thread(target=postern_scrape_in_vain, args=[postern], daemon=True).start()
    hurried = {"X-Prometheus-Scrape-Timeout-Seconds": "0.4", "Accept": "application/openmetrics-text"}
    harness.wait_for(lambda: postern.scrape("busy", headers=hurried).reason == "busy", "busy")


def postern_scrape_in_vain(postern):
    try:
        postern.scrape("busy", timeout=100)
    except OSError:
        pass  # the scenario has ended


def health_page(path: str) -> str:
    """Pages of a target with its health at `path`."""
    return ("[{ path: /metrics, format: whatsapp_json },"
            f" {{ path: {path}, required: false, format: whatsapp_health }}]")


def check_finding(finding: dict, base: str):
    check(finding["status"] == 200, f"the page is served: {finding['status']}")
    check(finding["complaints"] == [], f"nothing on the console: {finding['complaints']}")
    outside = [url for url in finding["requests"] if not url.startswith(base)]
    check(not outside, f"no request to anybody else: {outside}")
    check(finding["wide"] <= 0, f"nothing is cut off at the side: {finding['wide']}")


def scenario(stage):
    shots = stage.build / "screenshots"
    shots.mkdir(exist_ok=True)
    whatsapp = stage.whatsapp(health="multi")
    old = stage.authority.issue("postern", days=30, days_ago=28)
    targets = (stage.plain_target(whatsapp, "healthy",
                                  metric_relabel_configs="[{ source_labels: [__name__],"
                                                         " regex: 'web_.*', action: drop }]")
               + stage.plain_target(whatsapp, "expiring", pair=old)
               + stage.plain_target(whatsapp, "partly",
                                    pages="[{ path: /metrics, format: whatsapp_json },"
                                          " { path: /missing, required: false, format: text }]")
               + stage.plain_target(whatsapp, "unhealthy", pages=health_page("/unhealthy"))
               + stage.plain_target(whatsapp, "hidden", pages=health_page("/missing"))
               + stage.plain_target(whatsapp, "unknown"))
    whatsapp.provoke("/unhealthy", status=200, body=UNHEALTHY, content_type="application/json")
    postern = stage.postern("--web.shutdown-timeout=0s",
                            config="targets:\n" + targets + faulty_targets(stage, whatsapp))
    base = f"http://127.0.0.1:{postern.port}/"
    for _ in range(40):
        check(postern.scrape("healthy").status == 200, "a successful scrape")
    postern.scrape("expiring")
    for name in ("partly", "unhealthy", "hidden"):
        check(postern.scrape(name).status == 200, f"a successful scrape of {name}")
    provoke_faults(postern)
    told = {target["name"]: target["fault"] for target in postern.status()["targets"]}
    check(all(told[fault] == fault for fault in WORDS), f"the JSON says the same: {told}")

    read = {name: f"#target-{name} .verdict"
            for name in (*WORDS, "healthy", "expiring", "partly", "unhealthy", "hidden", "unknown")}
    read |= {f"{name} code": f"#target-{name} .story code" for name in WORDS}
    read |= {"warnings": "#target-expiring .warnings", "partly": "#target-partly .warnings",
             "grey": ".target.unknown h2", "red": ".target.unhealthy h2", "nodes": "#target-unhealthy .warnings",
             "odd": "#target-format .story", "headline": "h1", "countdown": "#target-backoff .countdown",
             "facts": "#target-healthy .facts", "config": "#target-healthy pre",
             "bars": "#target-healthy rect"}
    opened = [["click", "#target-healthy > summary"], ["click", "#target-healthy .config > summary"]]
    ticks = [["changes", "#target-backoff .countdown"]]
    plain = {"url": base, "wait": ".target"}
    desk, dark, phone, phone_dark, whole = visit(
        {**plain, "shot": str(shots / "status.png"), "steps": ticks, "read": read},
        {**plain, "shot": str(shots / "status-dark.png"), "dark": True},
        {**plain, "shot": str(shots / "status-phone.png"), "width": 390, "height": 844},
        {**plain, "shot": str(shots / "status-phone-dark.png"), "width": 390, "height": 844, "dark": True},
        {**plain, "shot": str(shots / "status-opened.png"), "steps": opened, "read": read})
    for finding in (desk, dark, phone, phone_dark, whole):
        check_finding(finding, base)
    for fault, words in WORDS.items():
        check(desk["read"][fault] == [words], f"{fault} in plain words: {desk['read'][fault]}")
        check(desk["read"][f"{fault} code"] == [fault], f"and by its name: {desk['read'][f'{fault} code']}")
    check(desk["read"]["healthy"] == ["Scraped without fault."], f"{desk['read']['healthy']}")
    check(desk["read"]["expiring"] == ["Scraped, with warnings."], f"{desk['read']['expiring']}")
    check(desk["read"]["unknown"] == ["Not scraped yet."], f"{desk['read']['unknown']}")
    check(desk["read"]["unhealthy"] == ["The service reports that it is not healthy."],
          f"{desk['read']['unhealthy']}")
    check(desk["read"]["hidden"] == ["Scraped, but the health of the service is unknown."], f"{desk['read']['hidden']}")
    check(desk["read"]["red"] == ["unhealthy"] and desk["read"]["grey"] == ["hidden", "unknown"],
          f"a color for bad states, none for unknown ones: {desk['read']['red']} {desk['read']['grey']}")
    check(desk["read"]["nodes"][0].startswith("Node 10.0.0.1:core-0 (coreapp) is not connected: disconnected (read "),
          f"the failing node: {desk['read']['nodes']}")
    check("The client certificate expires in 47 hours." in desk["read"]["warnings"][0]
          or "expires in 2 days" in desk["read"]["warnings"][0], f"{desk['read']['warnings']}")
    check(desk["read"]["partly"] == ["Page /missing is missing (status): answered 404."], f"{desk['read']['partly']}")
    check(desk["read"]["headline"] == ["17 of 23 targets fail. 1 of 23 services is not healthy."], f"{desk['read']['headline']}")
    check(re.fullmatch(r"\d+ min \d+ s", desk["read"]["countdown"][0]), f"{desk['read']['countdown']}")
    check("<img src=//evil.example" in desk["read"]["odd"][0], f"markup is text: {desk['read']['odd']}")
    check(len(desk["read"]["bars"]) == 40, "a bar for each scrape")
    facts = whole["read"]["facts"][0]
    for claim in ("40, 0 failed", "by relabeling", "whatsapp-web", "Scenario CA", "29 days", "expires in"):
        check(claim in facts, f"{claim!r} is shown: {facts}")
    check("name: healthy" in whole["read"]["config"][0] and "action: drop" in whole["read"]["config"][0],
          f"the configuration: {whole['read']['config']}")

    policy = desk["headers"]["content-security-policy"]
    for claim in ("default-src 'none'", "script-src 'nonce-", "frame-ancestors 'none'",
                  "connect-src 'self'"):
        check(claim in policy, f"{claim}: {policy}")
    check(desk["headers"]["x-content-type-options"] == "nosniff", "no guessing of types")
    check(desk["headers"]["x-frame-options"] == "DENY", "no framing by old browsers either")
    check(desk["headers"]["referrer-policy"] == "no-referrer", "no referrer")
    check(policy != dark["headers"]["content-security-policy"], "each nonce is used once")

    renewed, gone = visit(
        {**plain, "steps": [["click", "#target-unknown > summary"],
                            ["click", "#target-unknown .config > summary"],
                            ["get", f"{base}metrics/unknown"],
                            ["waitForSelector", "#target-unknown.ok", {"timeout": 15000}]],
         "read": {"open": "#target-unknown[open] .config[open] pre"}},
        {**plain, "steps": [["offline"], ["waitForSelector", ".notice", {"timeout": 20000}]],
         "shot": str(shots / "status-silent.png"), "read": {"notice": ".notice", "still": ".target"}})
    check_finding(renewed, base)
    check(len(renewed["read"]["open"]) == 1, "opened details stay open after an update")
    check("postern has not answered for" in gone["read"]["notice"][0] and len(gone["read"]["still"]) == 23,
          f"silence is shown, known facts stay: {gone['read']['notice']}")

    without = stage.sidecar(whatsapp, "--web.status-page=false")
    for path in ("/", f"/metrics/{harness.TARGET}/display"):
        check(without.get(path).status == 404, f"{path} is off")
    check(without.get("/api/v1/status").status == 200, "the JSON stays, for tools")
    whatsapp.stop()  # otherwise postern would wait for an answer that never arrives


harness.run(scenario)
