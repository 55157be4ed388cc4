"""Every alert has a runbook: its meaning, a query that parses, a command that exists, and what to do."""

import os
import pathlib
import re
import shlex
import subprocess
import unittest

import promql

RUNBOOKS = promql.FILES / "runbooks.md"
# The kubectl verbs in the runbooks; kubectl is not installed for the tests.
KUBECTL = {"exec", "get", "describe", "logs", "rollout"}


def sections() -> dict[str, str]:
    parts = re.split(r"^## (\w+)$", RUNBOOKS.read_text(), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)\n```$", text, flags=re.M | re.S)


class RunbooksTest(unittest.TestCase):
    def test_each_alert_has_its_section_and_names_it(self):
        alerts = promql.rules("alert")
        self.assertEqual(sorted({alert["alert"] for alert in alerts}), sorted(sections()))
        for alert in alerts:
            file, anchor = alert["annotations"]["runbook"].split("#")
            self.assertEqual(promql.ROOT / file, RUNBOOKS)
            self.assertEqual(anchor, alert["alert"].lower())

    def test_each_section_has_its_four_parts(self):
        for name, text in sections().items():
            with self.subTest(section=name):
                self.assertRegex(text, r"(?s)\*\*What it means\.\*\* .*```promql.*```sh.*\*\*What to do\.\*\* ")
                self.assertEqual(len(blocks(text, "promql")), 1)
                self.assertEqual(len(blocks(text, "sh")), 1)

    def test_each_link_leads_to_a_section(self):
        anchors = {name.lower() for name in sections()}
        self.assertEqual([], [to for to in re.findall(r"\]\(#([^)]+)\)", RUNBOOKS.read_text()) if to not in anchors])
        for file in re.findall(r"\]\(([^#)]+)\)", RUNBOOKS.read_text()):
            self.assertTrue((RUNBOOKS.parent / file).exists(), file)

    def test_each_query_parses_and_asks_for_what_there_is(self):
        queries = {name: blocks(text, "promql")[0] for name, text in sections().items()}
        self.assertEqual("", promql.complaints(queries))
        for name, query in queries.items():
            with self.subTest(section=name):
                self.assertEqual([], sorted(promql.metric_names(query) - promql.known_metrics()))

    def test_each_command_is_one(self):
        program = pathlib.Path(os.environ["POSTERN_BUILD"]) / "postern"
        usage = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
        for name, text in sections().items():
            with self.subTest(section=name):
                words = shlex.split(blocks(text, "sh")[0])
                self.assertEqual(words[0], "kubectl")
                self.assertIn(words[1], KUBECTL)
                self.assertEqual("exec" == words[1], "--" in words)
                if words[1] != "exec":
                    continue
                self.assertEqual(words[words.index("-c") + 1], "postern")
                command = words[words.index("--") + 1:]
                self.assertEqual(command[0], "postern")
                for word in command[1:]:
                    if word.startswith("--"):
                        self.assertRegex(usage, rf"(?m)[\s\[]{re.escape(word.split('=')[0])}\b")
                    else:
                        self.assertIn(f"postern {word} ", usage)

    def test_no_runbook_makes_a_login_of_a_rejected_credential(self):
        for name in ("PosternLoginRejected", "PosternBackoffLong"):
            self.assertIn("--no-login", blocks(sections()[name], "sh")[0])


if __name__ == "__main__":
    unittest.main()
