"""The scrape configurations find the right pods, with the job names that the rules expect."""

import functools
import pathlib
import sys
import tempfile
import unittest

import yaml

import promql

sys.path.insert(0, str(promql.ROOT / "tests/e2e"))

from harness import wait_for  # noqa: E402
from harness.discovery import Pod, Port, found_in_files, injected, of_pod_monitor  # noqa: E402
from harness.services import Prometheus  # noqa: E402

SCRAPE = promql.FILES / "scrape"
POD_MONITOR = promql.ROOT / "tests/data/rules/pod_monitor.yml"

APP = {"prometheus.io/scrape": "true", "prometheus.io/port": "9090", "prometheus.io/path": "/app",
       "prometheus.io/scheme": "https"}
NATIVE = injected("native-0", 3001, ip="127.0.0.3")
NATIVE.ports[1].init = True
PODS = [
    injected("web-0", 3000, ip="127.0.0.2"),
    NATIVE,
    injected("six-0", 3000, ip="::1"),
    injected("kept-0", 3000, ip="127.0.0.4", annotations=APP),
    injected("done-0", 3000, ip="127.0.0.5", phase="Succeeded"),
    Pod("app-0", [Port(9090, "metrics"), Port(9091)], ip="127.0.0.6", annotations=APP),
    Pod("plain-0", [Port(9090, "metrics")], ip="127.0.0.7"),
    Pod("off-0", [Port(9090)], ip="127.0.0.8", annotations={**APP, "prometheus.io/scrape": "false"}),
    Pod("injector-0", [Port(10250, "https", "postern"), Port(8080, "health", "postern")], ip="127.0.0.9",
        namespace="postern", labels={"app.kubernetes.io/name": "postern",
                                     "app.kubernetes.io/component": "injector"}),
]


@functools.cache
def by_annotations() -> dict[tuple, dict]:
    return targets(yaml.safe_load((SCRAPE / "annotations.yml").read_text())["scrape_configs"])


@functools.cache
def by_pod_monitor() -> dict[tuple, dict]:
    return targets(of_pod_monitor(yaml.safe_load(POD_MONITOR.read_text())))


def targets(scrape_configs: list[dict]) -> dict[tuple, dict]:
    """The targets of a real Prometheus: labels by job, pod and address."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prometheus = Prometheus(folder, yaml.safe_dump(found_in_files(scrape_configs, PODS, folder)))
        try:
            jobs = {config["job_name"] for config in scrape_configs}

            def taken_up():
                found = prometheus.ask("targets")["activeTargets"]
                return found if {target["scrapePool"] for target in found} == jobs else None

            found = wait_for(taken_up, "every job has a target", 60)
        finally:
            prometheus.stop()
    return {(target["labels"]["job"], target["labels"]["pod"], target["scrapeUrl"]): target["labels"]
            for target in found}


class ScrapeTest(unittest.TestCase):
    def test_promtool_takes_them(self):
        for name in ("annotations.yml", "plain.yml"):
            with tempfile.TemporaryDirectory() as folder:
                document = yaml.safe_load((SCRAPE / name).read_text())
                if name == "annotations.yml":
                    configs = found_in_files(document["scrape_configs"], PODS, pathlib.Path(folder))
                    document["scrape_configs"] = configs
                file = pathlib.Path(folder) / "prometheus.yml"
                file.write_text(yaml.safe_dump(document))
                done = promql.promtool("check", "config", file)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_by_annotations(self):
        found = by_annotations()
        self.assertEqual(set(found), {
            ("whatsapp-svc", "web-0", "http://127.0.0.2:3000/metrics"),
            ("whatsapp-svc", "native-0", "http://127.0.0.3:3001/metrics"),
            ("whatsapp-svc", "six-0", "http://[::1]:3000/metrics"),
            ("whatsapp-svc", "kept-0", "https://127.0.0.4:9090/app"),
            ("whatsapp-svc", "app-0", "https://127.0.0.6:9090/app"),
            ("postern", "web-0", "http://127.0.0.2:3000/-/metrics"),
            ("postern", "native-0", "http://127.0.0.3:3001/-/metrics"),
            ("postern", "six-0", "http://[::1]:3000/-/metrics"),
            ("postern", "kept-0", "http://127.0.0.4:3000/-/metrics"),
            ("postern-injector", "injector-0", "http://127.0.0.9:8080/-/metrics"),
        })
        for (job, pod, _), labels in found.items():
            self.assertEqual(labels, {"job": job, "pod": pod, "instance": labels["instance"],
                                      "namespace": "postern" if pod == "injector-0" else "sales"})

    def test_by_a_pod_monitor(self):
        self.assertEqual(set(by_pod_monitor()), {
            (job, pod, f"http://{address}/{path}")
            for pod, address in (("web-0", "127.0.0.2:3000"), ("native-0", "127.0.0.3:3001"),
                                 ("six-0", "[::1]:3000"), ("kept-0", "127.0.0.4:3000"))
            for job, path in (("monitoring/postern", "metrics"), ("postern", "-/metrics"))})

    def test_no_two_targets_write_the_same_up(self):
        for way in (by_annotations(), by_pod_monitor()):
            labels = [tuple(sorted(labels.items())) for labels in way.values()]
            self.assertEqual(len(labels), len(set(labels)))

    def test_both_ways_name_the_same_jobs(self):
        plain = yaml.safe_load((SCRAPE / "plain.yml").read_text())["scrape_configs"]
        self.assertEqual([(config["job_name"], config["metrics_path"]) for config in plain],
                         [("whatsapp-svc", "/metrics"), ("postern", "/-/metrics")])


if __name__ == "__main__":
    unittest.main()
