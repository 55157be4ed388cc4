"""Go programs built with Debian's packages of Go libraries. Debian package: golang-go"""

import os
import pathlib
import subprocess


def build(source: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The program of one file, in `folder`."""
    program = folder / source.parent.name
    subprocess.run(["go", "build", "-o", program, source], check=True,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                        "GOCACHE": str(folder / "go-cache")})
    return program
