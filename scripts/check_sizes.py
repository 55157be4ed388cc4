#!/usr/bin/env python3
"""check_sizes.py [FILE...]: files, headers and functions of daemon/ that are too long to read.

A file has at most 400 lines, a header at most 150, a function at most 60 from its signature to its closing brace.
Without FILE: every source of daemon/."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[1]
FILE, HEADER, FUNCTION = 400, 150, 60
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|(?<![0-9A-Za-z])\'(?:[^\'\\\n]|\\.)+\'|^#(?:[^\n]*\\\n)*[^\n]*',
                      re.DOTALL | re.MULTILINE)
SCOPE = re.compile(r"(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b")
ACCESS = re.compile(r"(?:\s|(?:public|protected|private)\s*:(?!:))*")


def blanked(text: str) -> str:
    """Blanks comments, literals and directives; keeps all positions."""
    return NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def functions(text: str):
    """(name, first line, number of lines) of each function outside other functions."""
    text = blanked(text)
    begin, within = 0, []  # where the current declaration begins; the function of each open brace, or None
    parentheses = 0
    for at, letter in enumerate(text):
        parentheses += (letter == "(") - (letter == ")")
        if letter == "{":
            begin += ACCESS.match(text, begin, at).end() - begin
            head = text[begin:at].strip()
            inner = any(within)
            # Neither a default argument nor an initializer `member_{...}` of a constructor is the body.
            is_call = not inner and "(" in head and not SCOPE.match(head)
            is_part = is_call and (parentheses > 0 or text[at - 1] not in " \n")
            is_function = is_call and not is_part and not head.endswith("=")
            within.append((head, begin) if is_function else ("", begin) if is_part else None)
            if not inner and not is_part:
                begin = at + 1
        elif letter == "}" and within:
            opened = within.pop()
            if opened and opened[0]:
                first = text.count("\n", 0, opened[1]) + 1
                name = re.search(r"([~\w:]+|operator\W+)\(", opened[0])
                yield (name[1] if name else "?"), first, text.count("\n", 0, at) + 2 - first
            if not any(within) and not (opened and not opened[0]):
                begin = at + 1
        elif letter == ";" and not any(within) and parentheses == 0:
            begin = at + 1


def too_long(name: str, text: str):
    """(line, complaint) of each exceeded limit."""
    lines, limit = text.count("\n"), HEADER if name.endswith(".h") else FILE
    if lines > limit:
        yield 1, f"{lines} lines, expected at most {limit}: split it by topic"
    for function, first, length in functions(text):
        if length > FUNCTION:
            yield first, f"{function} has {length} lines, expected at most {FUNCTION}: extract a function"


def main() -> int:
    files = [pathlib.Path(name) for name in sys.argv[1:]] or [
        path for path in sorted((ROOT / "daemon").rglob("*")) if path.suffix in (".h", ".cpp")]
    complaints = [f"{path}:{line}: {complaint}" for path in files
                  for line, complaint in too_long(path.name, path.read_text())]
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
