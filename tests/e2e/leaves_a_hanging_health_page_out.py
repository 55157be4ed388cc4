"""A health page that hangs for 45 s fails no scrape: it is left out, and a metric says so."""

import harness
from harness import check


def scenario(stage):
    whatsapp = stage.whatsapp(health_delay=45)
    postern = stage.sidecar(whatsapp)
    answer = postern.scrape()
    check(answer.status == 200, f"the rest is served: {answer.status} {answer.body[:200]}")
    check(answer.seconds < 2.5, f"in time: {answer.seconds}")
    metrics = answer.metrics()
    check(metrics.value("web_uptime", node="06475793be9d"), "the other pages are included")
    up = {dict(labels)["page"]: value for (_, labels), value in
          metrics.all("postern_page_up", target=harness.TARGET).items()}
    down = [page for page, value in up.items() if value == 0]
    check(down == ["/v1/health"], f"postern_page_up is 0 only for that page: {up}")


harness.run(scenario)
