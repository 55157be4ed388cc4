"""A page larger than the hold-back is streamed. If it is then broken, cut off or too large, the connection
closes without the final chunk, so that Prometheus counts a failed scrape."""

import http.client

import harness
from harness import check, wait_for


def breaks_off(postern):
    try:
        return not postern.scrape(headers={"Accept-Encoding": "gzip"}).whole
    except http.client.RemoteDisconnected:  # the compressed data had not filled a block yet
        return True


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(
        whatsapp, hold_back="1KiB", body_size_limit="8MiB"))
    check(postern.scrape().status == 200, "a complete small page")

    whatsapp.provoke("/metrics", megabytes=4)
    answer = postern.scrape()
    check(answer.status == 200 and answer.whole, "a complete large page")
    check(len(answer.body) > 4 << 20, "all of it")

    for claim, provocation in {
            "too large": {"megabytes": 12},
            "cut off": {"truncate": 2000},
            "cut off, in chunks": {"truncate": 2000, "chunked": True}}.items():
        whatsapp.provoke("/metrics", **provocation)
        answer = postern.scrape()
        check(answer.status == 200 and not answer.whole, f"{claim}: the end is missing")
        check(breaks_off(postern), f"{claim}: with gzip as well")

    prometheus = stage.prometheus(
        "- job_name: cut\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
        f"  static_configs: [{{ targets: ['127.0.0.1:{postern.port}'] }}]\n")
    wait_for(lambda: prometheus.target().get("health") == "down", "Prometheus sees a failure", 20)
    stored = prometheus.ask("query?query=count({job=%22cut%22,__name__!~%22up|scrape_.*%22})")
    check(not stored["result"], f"and stores nothing of the incomplete page: {stored}")


harness.run(scenario)
