#!/usr/bin/env python3
"""Runs clang-tidy on the daemon and the fake service. Tests are left out, because GoogleTest's macros take
too long.

usage: clang_tidy.py             every check but the analyzer's on all files; the analyzer on changed files
       clang_tidy.py --all       every check on all files, each alone, as for a release
       clang_tidy.py --record    the same as without a flag, and writes the commit into scripts/clang_tidy_checked

Prints the findings, and exits with 1 if there is one.

Most checks spend most of their time in the headers of the standard library, which clang-tidy searches once
for each translation unit. So the files are joined into four. The findings are the same, except for a `using`
declaration that only another file of the same namespace uses. Clang's analyzer is slower on joined files, so
it reads single ones: those that differ from the commit in scripts/clang_tidy_checked, and for a header the
source file of the same name. Without that commit in the history it reads all files. The build folder
build-lint is only configured, for its compile commands. It stores the last run without findings: another run
with the same files and checks does nothing.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build-lint"
UNITS = 4
CLEAN = BUILD / "found_nothing"  # digest of the input of the last run without a finding
CHECKED = ROOT / "scripts/clang_tidy_checked"  # the last commit with all files analyzed
ANALYZER = "--checks=-*,clang-analyzer-*,-clang-analyzer-optin.*"
NO_ANALYZER = "--checks=-clang-analyzer-*"
CLANG_TIDY = ["clang-tidy-14", "--quiet", "--warnings-as-errors=*", f"--config-file={ROOT / '.clang-tidy'}"]


def commands() -> dict[pathlib.Path, list[str]]:
    """Maps each source file to its compiler flags, without file names."""
    subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Release",
                    "-DPOSTERN_TESTS=demo", "-DPOSTERN_CCACHE=", "-DPOSTERN_REVISION=lint"], check=True,
                   stdout=subprocess.DEVNULL)
    table = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])[1:]
        table[pathlib.Path(entry["file"])] = words[: words.index("-o")]
    return table


def together(files: list[pathlib.Path], unit: pathlib.Path) -> list[tuple[pathlib.Path, int]]:
    """Writes a translation unit of these files; returns the origin (file and line) of each line."""
    origins = []
    with unit.open("w") as out:
        for file in files:
            lines = file.read_text().splitlines(keepends=True)
            out.writelines(lines)
            origins += [(file, number) for number in range(1, len(lines) + 1)]
    return origins


def divide(files: list[pathlib.Path]) -> list[list[pathlib.Path]]:
    """Splits the files into UNITS parts of about the same size. The files of a folder stay together, except
    main.cpp: a part has at most one."""
    folders = {}
    mains = [file for file in files if file.name == "main.cpp"]
    for file in sorted(set(files) - set(mains)):
        folders.setdefault(file.parent, []).append(file)
    parts = [mains[number:number + 1] for number in range(UNITS)]
    sizes = [0] * UNITS
    for members in sorted(folders.values(), key=lambda each: -sum(f.stat().st_size for f in each)):
        smallest = sizes.index(min(sizes))
        parts[smallest] += members
        sizes[smallest] += sum(file.stat().st_size for file in members)
    return parts


def digest(work: list[tuple]) -> str:
    """A digest of everything that affects the findings, except the headers of libraries."""
    sources = [path for folder in ("daemon", "tests/fake_whatsapp") for path in sorted((ROOT / folder).rglob("*"))]
    version = subprocess.run([CLANG_TIDY[0], "--version"], capture_output=True).stdout
    made = hashlib.sha256(version + repr([(str(file), *rest[:2]) for file, *rest in work]).encode())
    for path in [*sources, ROOT / ".clang-tidy", pathlib.Path(__file__)]:
        if path.is_file():
            made.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return made.hexdigest()


def git(*words: str) -> str | None:
    """The output of git; None if it fails."""
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def changed(files: list[pathlib.Path]) -> list[pathlib.Path]:
    """Files that differ from the checked commit, or whose header does; all files without that commit."""
    commit = CHECKED.read_text().strip()
    names = git("diff", "--name-only", commit, "--", "daemon", "tests/fake_whatsapp")
    others = git("ls-files", "--others", "--exclude-standard", "--", "daemon", "tests/fake_whatsapp")
    if names is None or others is None:
        print(f"commit {commit} is not in this history: the analyzer reads all files")
        return files
    stems = {(ROOT / name).with_suffix("") for name in (names + "\n" + others).splitlines()}
    found = [file for file in files if file.with_suffix("") in stems]
    print(f"the analyzer reads {len(found)} files that differ from commit {commit[:12]}:",
          *(str(file.relative_to(ROOT)) for file in found))
    return found


def tidy(file: pathlib.Path, flags: list[str], options: list[str],
         origins: list[tuple[pathlib.Path, int]] = ()) -> tuple[bool, str]:
    """Whether clang-tidy finds nothing, and its output. `origins`: those of the lines of a joined file."""
    done = subprocess.run([*CLANG_TIDY, *options, file, "--", *flags, "-Wno-unknown-warning-option"],
                          capture_output=True, text=True)
    noise = "warnings generated", "warning generated", "Suppressed ", "Use -header-filter"
    printed = [line for line in (done.stdout + done.stderr).splitlines() if not any(each in line for each in noise)]

    def origin(place: re.Match) -> str:
        of, line = origins[int(place[1]) - 1]
        return f"{of}:{line}:"

    if origins:
        printed = [re.sub(rf"{re.escape(str(file))}:(\d+):", origin, line) for line in printed]
    return done.returncode == 0, "\n".join(printed)


def main() -> int:
    if sys.argv[1:] not in ([], ["--all"], ["--record"]):
        print(__doc__, file=sys.stderr)
        return 2
    table = {file: flags for file, flags in commands().items() if ROOT / "build-lint" not in file.parents}
    files = sorted(table, key=lambda file: -file.stat().st_size)
    if sys.argv[1:] == ["--all"]:
        work = [(file, table[file], []) for file in files]
    else:
        flags = list(dict.fromkeys(flag for flags in table.values() for flag in flags))
        work = []
        for number, part in enumerate(divide(files)):
            unit = BUILD / f"unit_{number}.cpp"
            work.append((unit, flags, [NO_ANALYZER], together(part, unit)))
        work += [(file, table[file], [ANALYZER]) for file in changed(files)]
    looked_at = digest(work)
    if CLEAN.is_file() and CLEAN.read_text() == looked_at and sys.argv[1:] == []:
        print(f"{len(files)} files are unchanged since the last run without findings")
        return 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda each: tidy(*each), work))
    print(f"{len(files)} files in {len(work)} translation units")
    for _, printed in results:
        if printed:
            print(printed)
    good = all(good for good, _ in results)
    if good:
        CLEAN.write_text(looked_at)
    if good and sys.argv[1:] == ["--record"]:
        CHECKED.write_text(git("rev-parse", "HEAD") + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
