#!/usr/bin/env python3
"""Runs clang-tidy over the daemon and the look-alike of the service. GoogleTest's macros are not worth the time.

usage: clang_tidy.py             every check but the analyzer's on all files; the analyzer on what has changed
       clang_tidy.py --all       every check on all files, each by itself, as a release does it
       clang_tidy.py --record    as without it, and writes the commit into scripts/clang_tidy_checked

Prints the findings, and exits with 1 when there is one.

Most of the time of most checks goes into the headers of the standard library, which clang-tidy searches once
for each translation unit. So the files are joined into four, in which it finds the same, but for a `using`
declaration that only another file of the same namespace uses. Clang's analyzer takes longer in joined files,
so it looks at single ones: those that differ from the commit in scripts/clang_tidy_checked, and for a header
the source file of the same name. Without that commit in the history it looks at all of them.
The build folder build-lint is configured for its compile commands, and not built. It remembers the last run
that found nothing: a run over the same files with the same checks has nothing to do.
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
CLEAN = BUILD / "found_nothing"  # digest of what the last run without a finding looked at
CHECKED = ROOT / "scripts/clang_tidy_checked"  # the last commit whose every file was analyzed
ANALYZER = "--checks=-*,clang-analyzer-*,-clang-analyzer-optin.*"
NO_ANALYZER = "--checks=-clang-analyzer-*"
CLANG_TIDY = ["clang-tidy-14", "--quiet", "--warnings-as-errors=*", f"--config-file={ROOT / '.clang-tidy'}"]


def commands() -> dict[pathlib.Path, list[str]]:
    """Each source file and the flags of its compilation, without names of files."""
    subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Release",
                    "-DPOSTERN_TESTS=demo", "-DPOSTERN_CCACHE=", "-DPOSTERN_REVISION=lint"], check=True,
                   stdout=subprocess.DEVNULL)
    table = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])[1:]
        table[pathlib.Path(entry["file"])] = words[: words.index("-o")]
    return table


def together(files: list[pathlib.Path], unit: pathlib.Path) -> list[tuple[pathlib.Path, int]]:
    """Writes a translation unit of these files; gives the file and the line that each of its lines is from."""
    origins = []
    with unit.open("w") as out:
        for file in files:
            lines = file.read_text().splitlines(keepends=True)
            out.writelines(lines)
            origins += [(file, number) for number in range(1, len(lines) + 1)]
    return origins


def divide(files: list[pathlib.Path]) -> list[list[pathlib.Path]]:
    """Into UNITS parts of about the same size. The files of a folder stay together, but for main.cpp: a part has
    one at most."""
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
    """Of all that the findings depend on, but for the headers of libraries."""
    sources = [path for folder in ("daemon", "tests/fake_whatsapp") for path in sorted((ROOT / folder).rglob("*"))]
    version = subprocess.run([CLANG_TIDY[0], "--version"], capture_output=True).stdout
    made = hashlib.sha256(version + repr([(str(file), *rest[:2]) for file, *rest in work]).encode())
    for path in [*sources, ROOT / ".clang-tidy", pathlib.Path(__file__)]:
        if path.is_file():
            made.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return made.hexdigest()


def git(*words: str) -> str | None:
    """What git prints; none when it fails."""
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def changed(files: list[pathlib.Path]) -> list[pathlib.Path]:
    """Those that differ from the commit that was checked, or whose header does; all without that commit."""
    commit = CHECKED.read_text().strip()
    names = git("diff", "--name-only", commit, "--", "daemon", "tests/fake_whatsapp")
    others = git("ls-files", "--others", "--exclude-standard", "--", "daemon", "tests/fake_whatsapp")
    if names is None or others is None:
        print(f"commit {commit} is not in this history: the analyzer looks at all files")
        return files
    stems = {(ROOT / name).with_suffix("") for name in (names + "\n" + others).splitlines()}
    found = [file for file in files if file.with_suffix("") in stems]
    print(f"the analyzer looks at {len(found)} files that differ from commit {commit[:12]}:",
          *(str(file.relative_to(ROOT)) for file in found))
    return found


def tidy(file: pathlib.Path, flags: list[str], options: list[str],
         origins: list[tuple[pathlib.Path, int]] = ()) -> tuple[bool, str]:
    """Whether clang-tidy finds nothing, and what it prints. `origins`: of the lines of a joined file."""
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
        print(f"{len(files)} files as they were when nothing was found in them")
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
