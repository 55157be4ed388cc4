"""Grafana 9 and 10 read the dashboards, and Prometheus parses each of their queries."""

import json
import re
import unittest

import promql

DASHBOARDS = sorted((promql.FILES / "dashboards").glob("*.json"))
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_UNITS = {"short", "s", "bytes", "percentunit", "reqps", "cps"}


def load(file) -> dict:
    return json.loads(file.read_text())


def panels(board: dict) -> list[dict]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: dict) -> dict[str, str]:
    """Queries by panel and letter, with their variables."""
    return {f"{panel['title']} {target['refId']}": target["expr"]
            for panel in panels(board) for target in panel["targets"]}


def asked(expression: str) -> str:
    """The query with all options selected, as Grafana sends it."""
    for variable, value in {"$cluster": ".*", "$namespace": ".*", "$pod": ".*", "$target": ".*", "$__rate_interval": "5m"}.items():
        expression = expression.replace(variable, value)
    return expression


class DashboardsTest(unittest.TestCase):
    def each(self):
        self.assertEqual([file.name for file in DASHBOARDS], ["fleet.json", "pod.json"])
        for file in DASHBOARDS:
            with self.subTest(file=file.name):
                yield load(file)

    def test_each_has_a_stable_name_and_its_own_data_source(self):
        for board in self.each():
            self.assertRegex(board["uid"], r"^postern-[a-z]+$")
            self.assertIsNone(board["id"])
            self.assertEqual(board["schemaVersion"], 37)
            self.assertEqual(board["templating"]["list"][0]["type"], "datasource")
            for panel in panels(board):
                self.assertEqual(panel["datasource"], _DATASOURCE)
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"], _DATASOURCE)
            self.assertNotRegex(json.dumps(board), r"https?://")

    def test_each_panel_has_its_place(self):
        for board in self.each():
            taken = set()
            for panel in board["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24)
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                self.assertFalse(cells & taken, panel["title"])
                taken |= cells
            numbers = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(numbers), len(set(numbers)))

    def test_each_panel_says_what_it_shows_and_in_which_unit(self):
        for board in self.each():
            for panel in panels(board):
                with self.subTest(panel=panel["title"]):
                    self.assertRegex(panel["description"], r"^[A-Z].*\.$")
                    self.assertIn(panel["fieldConfig"]["defaults"]["unit"], _UNITS)
                    letters = [target["refId"] for target in panel["targets"]]
                    self.assertEqual(len(letters), len(set(letters)))
                    if panel["type"] == "stat":
                        self.assertTrue(panel["fieldConfig"]["defaults"]["thresholds"]["steps"])

    def test_each_query_parses_and_asks_for_what_there_is(self):
        for board in self.each():
            said = {name: asked(expression) for name, expression in queries(board).items()}
            self.assertEqual("", promql.complaints(said))
            for name, expression in said.items():
                self.assertNotIn("$", expression, name)
                self.assertEqual([], sorted(promql.metric_names(expression) - promql.known_metrics()), name)

    def test_each_query_keeps_clusters_apart(self):
        for board in self.each():
            self.assertEqual(board["templating"]["list"][1]["name"], "cluster")
            asked_for = queries(board) | {each["name"]: each["query"]["query"]
                                          for each in board["templating"]["list"][2:]}
            for name, expression in asked_for.items():
                selectors = len(promql.metric_names(expression)) and expression.count("{")
                self.assertEqual(expression.count('{cluster=~"$cluster"'), selectors, name)
                self.assertEqual([], promql.without_cluster(expression), name)
                self.assertGreater(selectors, 0, name)

    def test_each_variable_is_used_and_asks_for_what_there_is(self):
        for board in self.each():
            text = "".join(queries(board).values())
            for variable in board["templating"]["list"][1:]:
                self.assertIn("$" + variable["name"], text)
                selector = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
                self.assertEqual("", promql.complaints({"selector": asked(selector[1])}))
                self.assertEqual([], sorted(promql.metric_names(selector[1]) - promql.known_metrics()))
                self.assertEqual(selector[2], variable["name"])
            used = set(re.findall(r"\$(\w+)", text)) - {"__rate_interval"}
            self.assertEqual(used, {v["name"] for v in board["templating"]["list"][1:]})

    def test_each_link_leads_to_the_other(self):
        known = {load(file)["uid"] for file in DASHBOARDS}
        for board in self.each():
            for link in board["links"]:
                self.assertIn(link["url"].removeprefix("/d/"), known - {board["uid"]})


if __name__ == "__main__":
    unittest.main()
