"""The release build of the program is hardened: position independent, bound at start, with read-only
relocations, a protected and non-executable stack, and fortified calls of libc. The check itself detects each
missing feature."""

import pathlib
import subprocess

import harness
from harness import check
from harness.hardened import missing_hardening

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = """
#include <string.h>
#include <stdio.h>
int main(int count, char** arguments) {
  char text[64];
  strcpy(text, arguments[count - 1]);
  return puts(text);
}
"""
FLAGS = (ROOT / "scripts/hardening.flags").read_text().split()
LINKED = ["-pie", "-Wl,-z,relro,-z,now,-z,noexecstack"]

# A flag that removes one protection, and the check's finding.
CASES = {
    "hardened": ([], []),
    "without PIE": (["-no-pie", "-fno-pie"], ["PIE"]),
    "without RELRO": (["-Wl,-z,norelro"], ["RELRO"]),
    "bound lazily": (["-Wl,-z,lazy"], ["BIND_NOW"]),
    "executable stack": (["-Wl,-z,execstack"], ["non-executable stack"]),
    "without stack protector": (["-fno-stack-protector"], ["stack protector"]),
    "without FORTIFY_SOURCE": (["-U_FORTIFY_SOURCE"], ["FORTIFY_SOURCE"]),
}


def scenario(stage):
    missing = missing_hardening(stage.build / "postern")
    check(not missing, f"the program lacks {missing}")

    folder = stage.folder_for("programs")
    (folder / "main.c").write_text(SOURCE)
    for what, (flags, expected) in CASES.items():
        program = folder / "program"
        subprocess.run(["gcc", "-O2", "-fPIE", *FLAGS, *LINKED, *flags, folder / "main.c", "-o", program],
                       check=True)
        missing = missing_hardening(program)
        check(missing == expected, f"{what}: the check says {missing}, expected {expected}")


harness.run(scenario)
