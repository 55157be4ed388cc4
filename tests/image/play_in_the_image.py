"""Runs a scenario of tests/e2e with the image instead of the program: play_in_the_image.py CLAIM

Each postern is a separate container, in the host's network, with a read-only root, no capability and 64 MiB
of memory; as root, who owns the scenario's keys.
"""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

from stage import ENVIRONMENT, IMAGE, ROOT

# The harness starts it in a subfolder of the scenario's folder.
PROGRAM = """#!/bin/sh
{exports}
scenario=$(dirname "$PWD")
exec podman run --rm --network=host --user=0:0 --read-only --cap-drop=all \\
  --security-opt=no-new-privileges --memory=64m --volume="$scenario:$scenario" --workdir="$PWD" \\
  --env=POSTERN_SANDBOX=on {image} "$@"
"""


def main() -> int:
    build = pathlib.Path(os.environ.get("POSTERN_BUILD", ROOT / "build")).resolve()
    with tempfile.TemporaryDirectory(prefix="postern-image-") as folder:
        program = pathlib.Path(folder) / "postern"
        exports = "\n".join(f"export {name}={shlex.quote(text)}" for name, text in ENVIRONMENT.items()
                            if name.startswith("CONTAINERS_"))
        program.write_text(PROGRAM.format(exports=exports, image=IMAGE))
        program.chmod(0o755)
        (pathlib.Path(folder) / "fake_whatsapp").symlink_to(build / "fake_whatsapp")
        return subprocess.run([sys.executable, ROOT / "tests/e2e" / f"{sys.argv[1]}.py"],
                              env={**os.environ, "POSTERN_BUILD": folder}).returncode


sys.exit(main())
