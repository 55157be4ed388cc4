"""Checks whether a program was compiled and linked with hardening."""

import re
import subprocess


def missing_hardening(program) -> list[str]:
    """Hardening features that this program lacks, by checksec's names."""

    def readelf(*options: str) -> str:
        return subprocess.run(["readelf", "--wide", *options, str(program)], check=True, capture_output=True,
                              text=True).stdout

    header, dynamic = readelf("--file-header"), readelf("--dynamic")
    segments, symbols = readelf("--program-headers"), readelf("--dyn-syms")
    protected = {
        "PIE": "DYN (Position-Independent Executable file)" in header,
        "RELRO": "GNU_RELRO" in segments,
        "BIND_NOW": re.search(r"\(FLAGS_1\).*\bNOW\b", dynamic),
        "non-executable stack": re.search(r"GNU_STACK\s.*\sRW\s", segments),
        "stack protector": "__stack_chk_fail" in symbols,
        "FORTIFY_SOURCE": re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", "")),
    }
    return [name for name, found in protected.items() if not found]
