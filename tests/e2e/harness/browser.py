"""Pages as a person sees them, in headless Chromium. Debian packages: chromium, nodejs, npm; and once `npm ci
--prefix tests/browser`."""

import json
import pathlib
import subprocess

_SCRIPT = pathlib.Path(__file__).parents[2] / "browser/visit.mjs"


def visit(*plans: dict) -> list[dict]:
    """The findings of tests/browser/visit.mjs; its first comment describes a plan."""
    done = subprocess.run(["node", _SCRIPT], input=json.dumps(plans), text=True,
                          capture_output=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"the browser: {done.stderr}")
    return json.loads(done.stdout)
