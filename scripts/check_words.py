#!/usr/bin/env python3
"""check_words.py [--comments] [PATH...]: phrases that only the authors know, each with the better word.

Looks into the comments and string literals of sources, and into documents. With --comments it leaves
string literals out. Without PATH: everything that is written for people."""

import argparse
import io
import pathlib
import re
import sys
import tokenize

ROOT = pathlib.Path(__file__).parents[1]
# (phrase, what to say). A phrase is found in any case, as whole words, also across a line break.
PHRASES = [
    (r"(?:stands|stand|stood) (?:in|at|on|beside|before|behind|below|above|twice|here|there|alone|for itself)",
     "X is in Y; appears twice; is a duplicate"),
    (r"that (?:stands|stood)", "that remains; that is set"),
    (r"anew", "again; from scratch"),
    (r"(?:is|are|was|were|be|been) told", "gets; receives; is reported"),
    (r"(?:goes|go|went|going) on(?! (?:in|to) )", "continues; keeps running; keeps working"),
    (r"there or not", "whether or not it exists"),
    (r"that there (?:is|are)", "available"),
    (r"no good", "invalid"),
    (r"(?:is|are) good(?! (?:for|until|enough))", "is valid"),
    (r"(?:it is|is|are) awaited", "waiting for it"),
    (r"what (?:it|he|she|they) ha(?:s|ve) of", "its X"),
    (r"(?:take|takes|took|taken|taking) up", "reload; pick up"),
    (r"(?:values|labels|names) alone", "only values"),
    (r"(?:see|sees|seen) to(?! (?:it|be))", "handle"),
    (r"there (?:is|are|was|were) none", "missing; not set; nothing is left"),
    (r"(?:is|are|was|were|be) no (?!more |longer |less )[a-z]+", "is not a X; X is missing"),
    (r"further ones?", "more; additional"),
    (r"means nothing to", "not allowed with"),
    (r"our own(?: (?:door|front|lock))?", "its own; the web listener"),
    (r"(?:our|the|small|own|a) door", "the web listener"),
    (r"(?:berths?|roster|crew|stencils?|chores?|pilots?|seats?)", "the field's term (see the glossary of daemon/README.md)"),
    (r"of no (?:more )?use", "useless; not needed"),
    (r"in place of", "instead of"),
    (r"else than", "other than"),
    (r"no more(?=[.,;:)]|$)", "no longer"),
    (r"(?:so|as) long as it lasts", "meanwhile"),
    (r"by itself alone", "alone"),
    (r"(?:tells|tell|told) (?:of|so|apart)", "reports; says; distinguishes"),
    (r"all the same", "anyway"),
    (r"in silence", "silently"),
    (r"for itself", "by itself; alone"),
    (r"what (?:comes|came|becomes|became) of", "the result of"),
    (r"at the most", "at most"),
    (r"by (?:and|hand) of", "by"),
    (r"has to do with", "concerns"),
]
SUFFIXES = {".cpp", ".h", ".py", ".sh", ".mjs", ".js", ".css", ".html", ".yaml", ".yml", ".tpl", ".md", ".txt", ".json"}
FOLDERS = ["daemon", "tests", "scripts", "helm", "certs"]
# Data of others, generated files, and this file's own table.
NOT_OURS = re.compile(r"tests/data/|tests/(?:browser|kube)/(?:node_modules|package)|/rules/expected|scripts/check_words\.py$"
                      r"|tests/scripts/check_words_test\.py$|/build")
CPP = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((.*?)\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'', re.DOTALL)
MATCHER = re.compile("|".join(rf"(?P<p{i}>(?<![\w-]){phrase}(?![\w-]))" for i, (phrase, _) in enumerate(PHRASES)),
                     re.IGNORECASE)


def cpp_texts(text, comments_only):
    """(offset, text) of each comment, with // lines that follow each other as one, and each literal."""
    run, begin, end = "", 0, -1
    for found in CPP.finditer(text):
        token = found[0]
        if token.startswith("//"):
            between = text[end:found.start()] if run else ""
            if run and between.strip() == "" and between.count("\n") == 1:
                run += "\n" + token[2:]
            else:
                if run:
                    yield begin, run
                run, begin = token[2:], found.start() + 2
            end = found.end()
        elif token.startswith("/*") or not comments_only:
            yield found.start(), token
    if run:
        yield begin, run


def python_texts(text, comments_only):
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        docstring = token.type == tokenize.STRING and token.string.startswith(('"""', "'''"))
        if token.type == tokenize.COMMENT or docstring or (token.type == tokenize.STRING and not comments_only):
            yield lines[token.start[0] - 1] + token.start[1], token.string


def texts(path, comments_only):
    text = path.read_text(errors="replace")
    if path.suffix in {".cpp", ".h"}:
        return text, list(cpp_texts(text, comments_only))
    if path.suffix == ".py":
        return text, list(python_texts(text, comments_only))
    if comments_only and path.suffix in {".sh", ".yaml", ".yml"}:
        return text, [(found.start(), found[0]) for found in re.finditer(r"(?:^|\s)#[^\n]*", text)]
    return text, [(0, text)]


def words(text):
    """The text with what opens a comment's line and the line breaks as single spaces, and where each letter was."""
    letters, places = [], []
    for found in re.finditer(r"\s*\n\s*(?://+|#+|\*)?\s*|.", text, re.DOTALL):
        letters.append(" " if "\n" in found[0] else found[0])
        places.append(found.start() if "\n" not in found[0] else found.start())
    return "".join(letters), places


def check(path, comments_only=False):
    """(line, phrase, what to say) of each finding."""
    whole, parts = texts(path, comments_only)
    for offset, part in parts:
        plain, places = words(part)
        for found in MATCHER.finditer(plain):
            line = whole.count("\n", 0, offset + places[found.start()]) + 1
            yield line, found[0], PHRASES[int(found.lastgroup[1:])][1]


def sources():
    for folder in FOLDERS:
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES and path.is_file())
    yield from sorted(ROOT.glob("*.md"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", action="store_true")
    parser.add_argument("paths", nargs="*", type=pathlib.Path, metavar="PATH")
    options = parser.parse_args()
    paths = []
    for given in options.paths:
        inside = given.resolve()
        paths += [each for each in sorted(inside.rglob("*")) if each.suffix in SUFFIXES] if inside.is_dir() else [inside]
    bad = 0
    for path in paths or sources():
        name = path.resolve().relative_to(ROOT).as_posix()
        if NOT_OURS.search(name):
            continue
        for line, phrase, say in check(path, options.comments):
            print(f"{name}:{line}: \"{phrase}\": {say}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
