#!/usr/bin/env python3
"""Holds postern's reading and writing of pages against Go's expfmt: see main.go. Environment:
POSTERN_BUILD, the folder with tests/differential_rewrite. Debian packages: golang-go
golang-github-prometheus-common-dev"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import go  # noqa: E402

MUTANTS = "20000"


def main() -> int:
    build = pathlib.Path(os.environ.get("POSTERN_BUILD", HERE.parents[1] / "build-test"))
    with tempfile.TemporaryDirectory(prefix="postern-differential-") as folder:
        program = go.build(HERE / "main.go", pathlib.Path(folder))
        return subprocess.run([program, build / "tests" / "differential_rewrite",
                               HERE.parent / "data" / "pages", MUTANTS]).returncode


if __name__ == "__main__":
    sys.exit(main())
