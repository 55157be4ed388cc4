"""Prometheus scrapes the sidecar, and its targets page names the fault when that fails."""

import harness
from harness import check, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp)
    prometheus = stage.prometheus(
        "- job_name: whatsapp\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
        f"  metrics_path: /metrics/{harness.TARGET}\n"
        f"  static_configs: [{{ targets: ['127.0.0.1:{postern.port}'] }}]\n")
    wait_for(lambda: prometheus.target().get("health") == "up", "the target is up", 20)
    whatsapp.provoke("/metrics", status=503)
    failed = wait_for(lambda: prometheus.target().get("lastError"), "the scrape fails", 20)
    check("502 status" in failed, f"lastError names the fault: {failed}")


harness.run(scenario)
