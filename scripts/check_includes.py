#!/usr/bin/env python3
"""Holds the sources of the daemon to the architecture.

Who may include whom is read from daemon/CMakeLists.txt (the lines `postern_folder(...)`); which
folder may see which library, and which files may catch exceptions, stands below.

usage: check_includes.py [ROOT]    prints one line per breach; exits with 1 when there is one
"""

import fnmatch
import pathlib
import re
import sys

# Headers of libraries (a pattern over the include) and the files that may see them.
LIBRARIES = {
    r"Poco/Data/": ["credentials/mysql*"],
    r"Poco/Net/": ["async/*", "http/*"],
    r"Poco/Util/": ["app/program.h"],
    r"Poco/": ["async/*", "http/*", "credentials/mysql*", "app/program.h", "base/date.cpp"],
    r"(mysql|mariadb)\b": ["credentials/mysql*"],
    r"openssl/": ["tls/*", "upstream/*", "session/*", "credentials/*", "http/*",
                  "scrape/digests.cpp", "serve/basic_auth.cpp", "serve/bcrypt.cpp",
                  "kube/serving_material.h"],
    r"crypt\.h": ["serve/bcrypt.cpp"],
    r"boost/intrusive/": ["async/*", "http/*"],
    r"yaml-cpp/|boost/": ["config/*"],
    r"simdjson": ["exposition/*"],
    r"re2/": ["config/*", "exposition/*"],
    r"nlohmann/": ["config/*", "doctor/*", "kube/*", "session/*", "serve/*"],
    r"spdlog/": ["base/log.cpp"],
    r"fmt/core\.h": ["*"],
    r"(emmintrin|arm_neon)\.h": ["exposition/scan.h"],
    r"seccomp\.h": ["sandbox/*"],
    r"isa-l|isal|igzip": ["upstream/*", "http/*"],
}

# Folders that do no input or output: the standard library and what LIBRARIES allows.
PURE = {"exposition", "http1"}

# The border posts, where a library that throws is called. Everything else speaks in values.
CATCHES = [
    "config/*",             # yaml-cpp, Boost.Program_options, nlohmann
    "credentials/mysql*",   # Poco::Data
    "http/*",               # Poco::Net
    "async/*",              # what leaves a task or a job ends that one alone
    "base/crew.cpp",        # std::thread
    "scrape/exception_guard.*",  # std::bad_alloc
]

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
_FOLDER = re.compile(r"^postern_folder\(([^)]*)\)", re.MULTILINE)
_CATCH = re.compile(r"\bcatch\s*\(")
_LITERALS = re.compile(r'R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/')


def allowed_folders(cmake: str) -> dict[str, set[str]]:
    """Folder to the folders that it may include, itself among them."""
    table = {}
    for arguments in _FOLDER.findall(cmake):
        words = arguments.split()
        table[words[0]] = set(words[: words.index("EXTERNAL")] if "EXTERNAL" in words else words)
    return table


def _library_breach(path: str, header: str) -> str:
    for pattern, files in LIBRARIES.items():
        if re.match(pattern, header):
            if any(fnmatch.fnmatch(path, allowed) for allowed in files):
                return ""
            return f"<{header}> is for {', '.join(files)} only"
    if "." in header and path.split("/")[0] in PURE:
        return f"<{header}> has no place in a folder that does no input or output"
    if "/" in header and not re.match(r"(sys|netinet|arpa|net|linux|bits)/", header):
        return f"<{header}> is of a library that this script does not know: add it to the table"
    return ""


def include_breach(path: str, header: str, folders: dict[str, set[str]]) -> str:
    """Why the file daemon/`path` may not include `header`; empty when it may."""
    folder = path.split("/")[0] if "/" in path else "app"  # main.cpp counts as app
    if ".." in header:
        return f'"{header}": includes start at daemon/'
    target = header.split("/")[0]
    if "/" in header and target in folders:
        if target in folders.get(folder, set()):
            return ""
        return f"{folder} may not include {target} (daemon/CMakeLists.txt)"
    return _library_breach(path, header)


def breaches(root: pathlib.Path) -> list[str]:
    daemon = root / "daemon"
    folders = allowed_folders((daemon / "CMakeLists.txt").read_text())
    found = []
    for file in sorted([*daemon.rglob("*.cpp"), *daemon.rglob("*.h")]):
        path = file.relative_to(daemon).as_posix()
        text = file.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            include = _INCLUDE.match(line)
            breach = include_breach(path, include[2], folders) if include else ""
            if breach:
                found.append(f"daemon/{path}:{number}: {breach}")
        catches = _CATCH.search(_LITERALS.sub("", text))
        if catches and not any(fnmatch.fnmatch(path, allowed) for allowed in CATCHES):
            found.append(f"daemon/{path}: catch: errors are values here (CATCHES in {__file__})")
    return found


def main(arguments: list[str]) -> int:
    root = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parent.parent
    found = breaches(root)
    print("\n".join(found) if found else "every include and every catch is where it may be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
