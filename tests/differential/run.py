#!/usr/bin/env python3
"""Compares postern with a second implementation in Go.

    run.py [pages|chains]

pages: reading and writing of pages, compared with expfmt: see main.go. chains: building of certificate
chains, compared with crypto/x509: see chains/main.go. Environment: POSTERN_BUILD, the folder with
tests/differential_rewrite and tests/differential_chains. Debian packages: golang-go
golang-github-prometheus-common-dev"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import go  # noqa: E402

PARTS = {
    "pages": ("main.go", "differential_rewrite", [HERE.parent / "data" / "pages", "20000"]),
    "chains": ("chains/main.go", "differential_chains", ["200"]),
}


def main(part: str = "pages") -> int:
    source, ours, arguments = PARTS[part]
    build = pathlib.Path(os.environ.get("POSTERN_BUILD", HERE.parents[1] / "build-test"))
    with tempfile.TemporaryDirectory(prefix="postern-differential-") as folder:
        program = go.build(HERE / source, pathlib.Path(folder))
        return subprocess.run([program, build / "tests" / ours, *arguments]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
