"""`postern check`: runs it and reads its output."""

import json
import os
import shutil
import subprocess

from .process import check

STATES = {"ok", "note", "warning", "failed", "not tried"}


class Examination:
    """One run. With the flag `--json`, `steps` has its findings."""

    def __init__(self, stage, flags, environment=None, user=None):
        program, keys = stage.build / "postern", {}
        if user is not None:  # this user may not enter the build folder
            program = shutil.copy(program, stage.folder_for("program"))
            keys = {"user": user, "group": user, "extra_groups": []}
        done = subprocess.run(
            [program, "check", *map(str, flags)], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=60, cwd="/",
            env={"PATH": os.environ.get("PATH", ""), **(environment or {})}, **keys)
        self.code = done.returncode
        self.output = done.stdout
        self.complaints = done.stderr
        self.steps = []
        if "--json" in flags and self.code != 2:
            self.steps = [json.loads(line) for line in self.output.splitlines()]
            self._check_form()

    def _check_form(self):
        check(self.steps and self.steps[-1]["step"] == "verdict", "the last line is a verdict")
        for step in self.steps[:-1]:
            check(set(step) == {"target", "step", "state", "what", "cure", "details"},
                  f"each step has the same members: {step}")
            check(step["state"] in STATES and step["what"], f"it has a state: {step}")
            mended = step["state"] in ("failed", "warning")
            check(bool(step["cure"]) == mended, f"only failures and warnings have a remedy: {step}")
        failures = len(self.failures())
        check(self.steps[-1]["failures"] == failures, "the verdict counts the failures")
        check(self.code == (1 if failures else 0), f"the exit code is of the failures: {self.code}")

    def of(self, step: str, target=None) -> list[dict]:
        return [s for s in self.steps if s["step"] == step and target in (None, s["target"])]

    def failures(self) -> list[dict]:
        return [s for s in self.steps[:-1] if s["state"] == "failed"]

    def expect(self, step: str, cause: str, cure: str, state: str = "failed"):
        """A step of that name has that state, and says the cause and the remedy."""
        found = [s for s in self.of(step) if s["state"] == state]
        check(any(cause in s["what"] and cure in s["cure"] for s in found),
              f"{step} is {state}, says {cause!r} and the remedy {cure!r}:\n{self.output}"
              f"{self.complaints}")

    def expect_not_tried(self, *steps: str):
        for step in steps:
            states = [s["state"] for s in self.of(step)]
            check(states and set(states) == {"not tried"}, f"{step} is not tried: {self.output}")

    def said(self) -> str:
        return self.output + self.complaints
