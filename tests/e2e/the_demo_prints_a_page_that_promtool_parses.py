"""`scripts/demo.sh --once`, with mounted credentials and with a private MariaDB, prints a page that promtool
parses (exit 0, or 3 for lint findings). It exits with 0 and leaves no process."""

import os
import pathlib
import subprocess

import harness
from harness import check, free_port

DEMO = pathlib.Path(__file__).parents[2] / "scripts" / "demo.sh"


def scenario(stage):
    for flags in ((), ("--mysql",)):
        place = stage.folder_for("demo")
        environment = {**os.environ, "PORT": str(free_port()), "TMPDIR": str(place),
                       "POSTERN_BUILD": str(stage.build)}
        demo = subprocess.run([DEMO, "--once", *flags], env=environment, text=True,
                              capture_output=True, timeout=100)
        check(demo.returncode == 0, f"{flags}: exit code {demo.returncode}: {demo.stderr}")
        check("whatsapp_cluster_health" in demo.stdout, f"{flags}: the page: {demo.stdout[:300]}")
        lint = subprocess.run(["promtool", "check", "metrics"], input=demo.stdout, text=True,
                              capture_output=True)
        check(lint.returncode in (0, 3), f"{flags}: promtool parses it: {lint.stderr}")
        check(not list(place.iterdir()), f"{flags}: nothing is left behind")
        left = [directory.name for directory in pathlib.Path("/proc").glob("[0-9]*")
                if str(place) in _command(directory)]
        check(not left, f"{flags}: no process is left: {left}")


def _command(process: pathlib.Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


harness.run(scenario)
