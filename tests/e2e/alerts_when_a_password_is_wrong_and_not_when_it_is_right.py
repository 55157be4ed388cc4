"""One of two pods has the wrong password. In a real Prometheus PosternLoginRejected fires for it, with the
PodMonitor and with annotations. No alert fires for the other pod, and the right password ends the alert.
Meanwhile every query of the dashboards has a result."""

import json
import re

import harness
import yaml
from harness import check, wait_for
from harness.alerts import FILES, POD_MONITOR, firing, in_seconds
from harness.discovery import found_in_files, injected, of_pod_monitor

WRONG, RIGHT = "wrong-0", "right-0"
LONGEST = 15  # seconds; replaces the wait of an alert

# Panels without data: no injector and no access control, and no dropped samples. The panel of waits has a
# resolution of a minute, longer than this scenario.
EMPTY = {"Replicas", "Native sidecars", "Requests by result", "API server requests",
         "Pods without their sidecar", "Dropped and duplicate samples", "Web configuration", "Refused", "Longest waits"}


def ever_fired(prometheus, pod):
    found = prometheus.query(f'count_over_time(ALERTS{{alertstate="firing",pod="{pod}"}}[1h])')
    return {series["metric"]["alertname"] for series in found}


def dashboards():
    """Each query with all options selected, and its panel."""
    for file in sorted((FILES / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", []):
                query = target["expr"].replace("$__rate_interval", "1m")
                yield re.sub(r"\$(cluster|namespace|pod|target)", ".*", query), f"{panel['title']} ({file.stem})"


def shown(prometheus):
    """The queries with data; every query must succeed."""
    return {query for query, _ in dashboards() if prometheus.query(query)}


def scenario(stage):
    whatsapp = stage.whatsapp()
    mounted = stage.credentials_folder(password="not-the-one")
    wrong, right = stage.sidecar(whatsapp, credentials=mounted), stage.sidecar(whatsapp)
    pods = [injected(WRONG, wrong.port), injected(RIGHT, right.port)]
    settings = in_seconds(stage.folder_for("rules"))
    monitor = yaml.safe_load(POD_MONITOR.read_text())
    ways = {"annotations": yaml.safe_load((FILES / "scrape/annotations.yml").read_text())["scrape_configs"],
            "PodMonitor": of_pod_monitor(monitor)}
    watchers, seen = {}, set()
    for way, configs in ways.items():
        found = found_in_files(configs, pods, stage.folder_for("pods"))
        watchers[way] = stage.prometheus(yaml.safe_dump(found), settings)

    for way, prometheus in watchers.items():
        wait_for(lambda: firing(prometheus, pod=WRONG, target=harness.TARGET) ==
                 {"PosternLoginRejected", "PosternTargetDown"}, f"by {way}: the alerts of a wrong password", 60)
        # Waits as long again as the slowest alert.
        wait_for(lambda: prometheus.query(f'count_over_time(up{{job="postern",pod="{RIGHT}"}}[1h]) > {2 * LONGEST}'),
                 f"by {way}: the other pod is scraped for a while", 120)
        check(not ever_fired(prometheus, RIGHT), f"by {way}: {ever_fired(prometheus, RIGHT)} for the right password")
        check(ever_fired(prometheus, WRONG) == {"PosternLoginRejected", "PosternTargetDown"},
              f"by {way}: {ever_fired(prometheus, WRONG)} for the wrong password")
        alert = next(alert for alert in prometheus.ask("alerts")["alerts"]
                     if alert["labels"]["alertname"] == "PosternTargetDown")
        check(alert["annotations"]["description"] ==
              f"sales/{WRONG}: scrapes of target {harness.TARGET} have failed for five minutes, now with backoff.",
              f"by {way}: {alert['annotations']['description']}")
        seen |= shown(prometheus)

    (mounted / "password").write_text(harness.PASSWORD + "\n")
    for way, prometheus in watchers.items():
        wait_for(lambda: not firing(prometheus), f"by {way}: the alerts end with the right password", 60)
        wait_for(lambda: prometheus.query("namespace_result:postern_login_attempts:rate5m > 0"),
                 f"by {way}: the login counts", 60)
        seen |= shown(prometheus)
    unseen = [panel for query, panel in dashboards()
              if query not in seen and panel.rpartition(" (")[0] not in EMPTY]
    check(not unseen, f"these show nothing: {unseen}")


harness.run(scenario)
