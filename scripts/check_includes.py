#!/usr/bin/env python3
"""Checks that the sources of the daemon follow the architecture.

The lines `postern_folder(...)` of daemon/CMakeLists.txt say which folder may include which. The tables below
say which files may include a library, and which may catch exceptions.

usage: check_includes.py [ROOT]    prints one line per violation; exits with 1 if there is one
"""

import fnmatch
import pathlib
import re
import sys

# Headers of libraries (a pattern for the include) and the files that may include them.
LIBRARIES = {
    r"Poco/Data/": ["credentials/mysql*"],
    r"Poco/Net/": ["async/*", "http/*"],
    r"Poco/Util/": ["app/program.h"],
    r"Poco/": ["async/*", "http/*", "credentials/mysql*", "app/program.h", "base/date.cpp"],
    r"(mysql|mariadb)\b": ["credentials/mysql*"],
    r"openssl/": ["tls/*", "upstream/*", "session/*", "credentials/*", "http/*",
                  "scrape/relabeler_pool.cpp", "web/basic_auth.cpp", "web/bcrypt.cpp",
                  "kube/serving_material.h"],
    r"crypt\.h": ["web/bcrypt.cpp"],
    r"boost/intrusive/": ["async/*", "http/*"],
    r"yaml-cpp/|boost/": ["config/*"],
    r"simdjson": ["exposition/*", "presets/*"],
    r"re2/": ["config/*", "relabel/*"],
    r"nlohmann/": ["config/*", "check/*", "kube/*", "session/*", "web/*"],
    r"spdlog/": ["base/log.cpp"],
    r"fmt/core\.h": ["*"],
    r"(emmintrin|arm_neon)\.h": ["exposition/scan.h"],
    r"seccomp\.h": ["sandbox/*"],
    r"isa-l|isal|igzip": ["upstream/*", "http/*"],
}

# Folders without input and output: only the standard library, and headers that LIBRARIES allows.
PURE = {"exposition", "presets", "relabel", "http1"}

# Files that call a throwing library. Everywhere else errors are values.
CATCHES = [
    "config/*",             # yaml-cpp, Boost.Program_options, nlohmann
    "credentials/mysql*",   # Poco::Data
    "http/*",               # Poco::Net
    "async/*",              # an exception ends only its task or job
    "base/thread_group.cpp",        # std::thread
    "scrape/exception_guard.*",  # std::bad_alloc
]

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
_FOLDER = re.compile(r"^postern_folder\(([^)]*)\)", re.MULTILINE)
_CATCH = re.compile(r"\bcatch\s*\(")
_LITERALS = re.compile(r'R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/')


def allowed_folders(cmake: str) -> dict[str, set[str]]:
    """Maps a folder to the folders that it may include, including itself."""
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
        return f"<{header}> is not allowed in a folder without input and output"
    if "/" in header and not re.match(r"(sys|netinet|arpa|net|linux|bits)/", header):
        return f"<{header}> is of an unknown library: add it to LIBRARIES of this script"
    return ""


def include_breach(path: str, header: str, folders: dict[str, set[str]]) -> str:
    """Why the file daemon/`path` may not include `header`; empty if it may."""
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
    print("\n".join(found) if found else "every include and every catch is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
