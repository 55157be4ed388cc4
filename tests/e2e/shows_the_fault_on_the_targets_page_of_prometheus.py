"""Prometheus scrapes the sidecar, and its targets page names the fault of a failed scrape."""

import harness
from harness import wait_for

PROVOCATIONS = {"status": {"status": 503}, "format": {"body": "<html>"},
                "truncated": {"truncate": 100}, "forbidden": {"status": 403}}


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp)
    prometheus = stage.prometheus(
        "- job_name: whatsapp\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
        f"  metrics_path: /metrics/{harness.TARGET}\n"
        f"  static_configs: [{{ targets: ['127.0.0.1:{postern.port}'] }}]\n")

    def shows(fault):
        return fault in prometheus.target().get("lastError", "")

    wait_for(lambda: prometheus.target().get("health") == "up", "the target is up", 20)
    for fault, provocation in PROVOCATIONS.items():
        whatsapp.provoke("/metrics", **provocation)
        wait_for(lambda: shows(fault), f"lastError names {fault}", 20)
    whatsapp.stop()
    wait_for(lambda: shows("connect"), "lastError names connect", 20)


harness.run(scenario)
