"""On a kernel without seccomp `--sandbox=on` ends with 2 and the reason, and `auto` continues and says what
is missing. Without Landlock both continue, and report it in the log and in a metric."""

import pathlib
import sys

import harness
from harness import check
from harness.process import Process

HIDE = pathlib.Path(harness.__file__).parent / "hide.py"


def scenario(stage):
    whatsapp = stage.whatsapp()

    def without(what, mode):
        return stage.sidecar(whatsapp, f"--sandbox={mode}", launcher=(sys.executable, HIDE, what))

    def in_force(postern):
        answer = postern.get("/-/metrics").body
        return next(line for line in answer.splitlines() if line.startswith("postern_sandbox_info"))

    refused = Process(stage.folder_for("refused"), [
        sys.executable, HIDE, "seccomp", stage.build / "postern", "--sandbox=on",
        "--target.url=https://localhost:1"])
    check(refused.wait() == 2, "it ends with 2")
    for said in ("the kernel does not offer seccomp", "--sandbox=on is not possible here",
                 "level=error"):
        check(said in refused.output(), f"it says why: {refused.output()}")
    check("listening" not in refused.output(), "it has not started")

    postern = without("seccomp", "auto")
    check(postern.scrape().status == 200, "a successful scrape without seccomp")
    check('mode="auto",seccomp="off"' in in_force(postern), f"it shows: {in_force(postern)}")
    check("the kernel does not offer seccomp" in postern.process.output(), "it says so")

    for mode in ("auto", "on"):
        postern = without("landlock", mode)
        check(postern.scrape().status == 200, "a successful scrape without Landlock")
        check(f'mode="{mode}",seccomp="on",landlock="off"' in in_force(postern),
              f"it shows: {in_force(postern)}")
        check("the kernel does not offer Landlock" in postern.process.output(), "it says so")


harness.run(scenario)
