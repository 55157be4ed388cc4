"""promtool accepts every rule; every alert is described, and tests show that it fires and that it stays
silent."""

import collections
import re
import unittest

import yaml

import promql

HERE = promql.ROOT / "tests/rules"
ALERTS = {"PosternTargetDown", "PosternServiceUnhealthy", "PosternPageMissing", "PosternAbsent",
          "PosternLoginRejected", "PosternLoginThrottled",
          "PosternBackoffLong", "PosternTokenExpired", "PosternCertificateExpiring",
          "PosternCredentialSourceStale", "PosternConfigReloadFailed", "PosternVerificationDisabled",
          "PosternSamplesDropped", "PosternRelabelDuplicates", "PosternInjectionMissed", "PosternInjectorApiFailing",
          "PosternInjectorDown"}


def key(alert: dict) -> tuple:
    return alert["alert"], alert["labels"]["severity"]


class AlertsTest(unittest.TestCase):
    def test_promtool_takes_the_rules(self):
        done = promql.promtool("check", "rules", "--lint-fatal",
                               *sorted((promql.FILES / "rules").glob("*.yaml")))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_they_fire_and_are_silent_as_the_cases_say(self):
        done = promql.promtool("test", "rules", *sorted(HERE.glob("*.yml")))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_has_cases_for_both(self):
        fires, silent = collections.Counter(), collections.Counter()
        for file in HERE.glob("*.yml"):
            for case in yaml.safe_load(file.read_text())["tests"]:
                for look in case.get("alert_rule_test", []):
                    seen = {alert["exp_labels"]["severity"] for alert in look["exp_alerts"]}
                    for severity in ("warning", "critical"):
                        (fires if severity in seen else silent)[look["alertname"], severity] += 1
        alerts = {key(alert) for alert in promql.rules("alert")}
        self.assertEqual([], sorted(alerts - set(fires)))
        self.assertEqual([], sorted(alerts - set(silent)))

    def test_there_are_these(self):
        alerts = [key(alert) for alert in promql.rules("alert")]
        self.assertEqual(ALERTS, {name for name, _ in alerts})
        self.assertEqual(len(alerts), len(set(alerts)))
        self.assertEqual([name for name, _ in alerts if alerts.count((name, "warning")) +
                          alerts.count((name, "critical")) > 1], 2 * ["PosternCertificateExpiring"])

    def test_each_says_what_it_is(self):
        for alert in promql.rules("alert"):
            with self.subTest(alert=alert["alert"]):
                self.assertIn(alert["labels"], [{"severity": "warning"}, {"severity": "critical"}])
                self.assertIn("for", alert)
                said = alert["annotations"]
                self.assertEqual({"summary", "description", "runbook"}, set(said))
                self.assertRegex(said["summary"], r"^[A-Z].*\.$")
                self.assertNotIn("{{", said["summary"], "one summary for all grouped alerts")
                self.assertNotIn("\n", said["description"])
                whom = "$labels.namespace" if "Inject" in alert["alert"] else "or $labels.pod $labels.instance"
                self.assertIn(whom, said["description"])

    def test_each_metric_is_one_that_there_is(self):
        for rule in promql.rules("alert") + promql.rules("record"):
            with self.subTest(rule=rule.get("alert") or rule["record"]):
                names = promql.metric_names(rule["expr"])
                self.assertTrue(names)
                self.assertEqual([], sorted(names - promql.known_metrics()))

    def test_each_keeps_clusters_apart(self):
        for rule in promql.rules("alert") + promql.rules("record"):
            self.assertEqual([], promql.without_cluster(rule["expr"]), rule.get("alert") or rule["record"])
        self.assertEqual(["on (a)", "by(b, clusters)"], promql.without_cluster(
            "sum by (cluster) (x) and on (a) y or max by(b, clusters) (z) and on (b, cluster) w"))

    def test_each_recording_rule_has_a_proper_name_and_a_user(self):
        used = set()
        for rule in promql.rules("alert") + promql.rules("record"):
            used |= promql.metric_names(rule["expr"])
        boards = "".join(board.read_text() for board in (promql.FILES / "dashboards").glob("*.json"))
        for rule in promql.rules("record"):
            with self.subTest(rule=rule["record"]):
                self.assertTrue(re.fullmatch(r"[a-z_]+:postern_[a-z_]+:[a-z0-9_]+", rule["record"]))
                self.assertTrue(rule["record"] in used or rule["record"] in boards)


class MetricNamesTest(unittest.TestCase):
    def test_finds_names_and_nothing_else(self):
        for expression, names in {
                "up": {"up"},
                'sum by (job) (rate(a_total{b="c_d{"}[5m])) / on (x) group_left (y) e:f:g > 1e9': {"a_total", "e:f:g"},
                "time() - a > bool 7 * 86400 or vector(0) unless ignoring(r) c offset 5m": {"a", "c"},
                "max_over_time((a - time())[20m:1m]) < inf": {"a"}}.items():
            with self.subTest(expression=expression):
                self.assertEqual(promql.metric_names(expression), names)


if __name__ == "__main__":
    unittest.main()
