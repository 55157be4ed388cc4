"""Prometheus scrapes every second for a minute while tokens live 5 s: `up` stays 1, and at most 18 logins are
sent. Then 50 scrapes at once cost one request per page and at most one login."""

import threading

import harness
from harness import check, wait_for

SECONDS = 60
PAGES = ("/metrics", "/v1/stats/app", "/v1/health")


def scrape_at_once(postern, scrapers):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(postern.scrape().status))
               for _ in range(scrapers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(answers == [200] * scrapers, f"every scrape succeeds: {answers}")


def scenario(stage):
    whatsapp = stage.whatsapp(token_life=5)
    postern = stage.sidecar(whatsapp)
    prometheus = stage.prometheus(
        "- job_name: whatsapp\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
        f"  metrics_path: /metrics/{harness.TARGET}\n"
        f"  static_configs: [{{ targets: ['127.0.0.1:{postern.port}'] }}]\n")

    def scrapes():
        answer = prometheus.ask("query?query=count_over_time(up[5m])")["result"]
        return int(answer[0]["value"][1]) if answer else 0

    wait_for(lambda: scrapes() >= SECONDS, "Prometheus scrapes once a second", SECONDS + 30)
    up = prometheus.ask("query?query=min_over_time(up[5m])")["result"][0]["value"][1]
    check(up == "1", f"up stays 1: {up}")
    logins = whatsapp.counters()["logins"]
    check(SECONDS / 5 - 2 <= logins <= 18, f"between one login a token and 18: {logins}")
    print(f"{scrapes()} scrapes, {logins} logins")
    prometheus.stop()

    whatsapp.revoke_tokens()
    before = whatsapp.counters()
    whatsapp.provoke("/metrics", stall=0.5)
    scrape_at_once(postern, 50)
    after = whatsapp.counters()
    check(after["logins"] - before["logins"] == 1, "50 scrapes, one login")
    for page in PAGES:
        refused = 1  # the page whose token is revoked is requested again
        asked = after["requests"][page] - before["requests"][page]
        check(asked <= 1 + refused, f"{page} was requested {asked} times")
    before = after
    scrape_at_once(postern, 50)
    after = whatsapp.counters()
    for page in PAGES:
        asked = after["requests"][page] - before["requests"][page]
        check(asked == 1, f"50 scrapes request {page} once, not {asked} times")
    shared = postern.own_metrics().value("postern_shared_responses_total", target=harness.TARGET)
    check(shared >= 98, f"the shared ones are counted: {shared}")


harness.run(scenario)
