"""A sidecar logs in once, fetches the pages of WhatsApp and serves them as one page.

It contains web metrics, app and database statistics and the gauges of the health page. promtool parses it
(exit 0, or 3 for WhatsApp's own lint findings). The next scrape uses the token again.
"""

import subprocess

import harness
from harness import check

EXPECTED = {"web_uptime", "web_requests", "api_requests_duration_ms_sum", "callback_queue_size",
            "handover_duration_ms_bucket", "db_messages", "whatsapp_node_up",
            "whatsapp_node_status", "whatsapp_cluster_health"}


def scenario(stage):
    whatsapp = stage.whatsapp(health="multi")
    postern = stage.sidecar(whatsapp)
    answer = postern.scrape()
    check(answer.status == 200, f"a successful scrape: {answer.status} {answer.body}")
    check(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"),
          f"the content type says text 0.0.4: {answer.headers['Content-Type']}")
    metrics = answer.metrics()
    missing = EXPECTED - metrics.names()
    check(not missing, f"every page is included, but {missing} are missing")
    check(metrics.value("web_uptime", node="06475793be9d") == 348842, "values pass unchanged")
    check(list(metrics.all("whatsapp_cluster_health").values()) == [1], "the cluster is healthy")

    lint = subprocess.run(["promtool", "check", "metrics"], input=answer.body, text=True,
                          capture_output=True)
    check(lint.returncode in (0, 3), f"promtool parses the page: {lint.stderr}")

    check(postern.scrape(harness.TARGET).status == 200, "the target's own path serves it as well")
    counters = whatsapp.counters()
    check(counters["logins"] == 1, f"two scrapes, one login: {counters}")
    check(counters["requests"]["/v1/stats/db"] == 1, f"database statistics are kept: {counters}")
    own = postern.own_metrics()
    check(own.value("postern_up", target=harness.TARGET) == 1, "postern_up is 1")
    check(own.value("postern_login_attempts_total", target=harness.TARGET, result="success") == 1,
          "the login is counted")
    status, _ = postern.health()
    check(status == 200, f"/health answers 200, not {status}")
    lint = subprocess.run(["promtool", "check", "metrics"], input=postern.get("/-/metrics").body,
                          text=True, capture_output=True)
    check(lint.returncode == 0, f"promtool accepts postern's own metrics: {lint.stderr}")
    check(postern.stop() == 0, "SIGTERM ends it with 0")


harness.run(scenario)
