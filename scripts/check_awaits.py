#!/usr/bin/env python3
"""check_awaits.py [FILE...]: finds code in coroutines that g++ 12 miscompiles, by two rules.

The arguments of an awaited call are names, std::move(name) or numbers. The coroutine's frame keeps
temporaries: g++ copies some of them (closures, aggregates, strings) bit by bit and destroys them twice. No
co_await in the condition of `if` or `switch`: in a function without a local variable g++ lays the frame out
wrongly. Its first resumption then reads memory that was never written. `if (const bool came = co_await ...;
came)` is correct, and so is a variable before it. Without FILE: every source of daemon/ and of the tests that
has a coroutine."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[1]
NAME = r"[*&]?(?:this->)?[A-Za-z_][\w]*(?:(?:\.|->|::)[A-Za-z_]\w*)*(?:\[\w+\])?"
ARGUMENT = re.compile(rf"(?:{NAME}|std::move\({NAME}\)|std::ref\({NAME}\)|-?\d+|true|false|nullptr)\Z")


def without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)'",
                  lambda found: '""' if found[0].startswith('"') else " " * len(found[0]), text)


def closing(text: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(text)):
        depth += text[at] in "([{"
        depth -= text[at] in ")]}"
        if depth == 0:
            return at
    return len(text)


def split(listed: str) -> list[str]:
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(listed):
        depth += letter in "([{"
        depth -= letter in ")]}"
        if letter == "," and depth == 0:
            parts.append(listed[begin:at])
            begin = at + 1
    parts.append(listed[begin:])
    return [part.strip() for part in parts if part.strip()]


def arguments(text: str):
    """(line, argument) of each argument that may be a temporary."""
    text = without_comments(text)
    for found in re.finditer(r"\bco_await\b", text):
        at = found.end()
        while at < len(text) and text[at] not in ";{":
            if text[at] == "(":
                end = closing(text, at)
                called = text[found.end():at].strip()
                if called and not called.endswith("std::move"):
                    for argument in split(text[at + 1:end]):
                        if not ARGUMENT.match(argument):
                            yield text.count("\n", 0, found.start()) + 1, " ".join(argument.split())
                at = end
                if re.match(r"\)\s*(?:\.|->)", text[at:]) is None:
                    break
            at += 1


def conditions(text: str):
    """The line of each co_await in the condition of `if` or `switch`."""
    text = without_comments(text)
    for found in re.finditer(r"\b(?:if|switch)\s*(?:constexpr\s*)?\(", text):
        end = closing(text, found.end() - 1)
        condition = text[found.end():end].rsplit(";", 1)[-1]
        if re.search(r"\bco_await\b", condition):
            yield text.count("\n", 0, found.start()) + 1


def main() -> int:
    files = [pathlib.Path(name) for name in sys.argv[1:]] or [
        path for folder in ("daemon", "tests") for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".h", ".cpp")]
    wrong = 0
    for path in files:
        text = path.read_text()
        if "co_await" not in text:
            continue
        for line, argument in arguments(text):
            print(f"{path}:{line}: `{argument}` in an awaited call: name it first (g++ 12 breaks temporaries there)")
            wrong += 1
        for line in conditions(text):
            print(f"{path}:{line}: co_await in a condition: name its result first (g++ 12 lays the frame out wrongly)")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
