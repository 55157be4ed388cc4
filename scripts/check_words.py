#!/usr/bin/env python3
"""check_words.py [--comments] [PATH...]: phrases that only the authors know, each with a better word.

Reads comments and string literals of C++ and Python, and the whole text of other files. With --comments it reads
comments and docstrings only. PATH is a file or a folder; without PATH: all folders that people read. Exits with 1
if it finds a phrase."""

import argparse
import io
import pathlib
import re
import sys
import tokenize

ROOT = pathlib.Path(__file__).parents[1]
# (phrase, better word). Matches whole words in any case, also across a line break or two adjacent literals.
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
    (r"(?<!when\s)(?<!when\sit\s)(?:it is|is|are) awaited", "waiting for it"),
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
FOLDERS = ["daemon", "tests", "scripts", "helm", "certs"]
SUFFIXES = {".cpp", ".h", ".py", ".sh", ".mjs", ".js", ".css", ".html", ".yaml", ".yml", ".tpl", ".md", ".txt", ".json"}
# Test data, installed packages, build folders, and the table above with its test.
SKIPPED = re.compile(r"(?:^|/)(?:tests/data|node_modules|build[^/]*)/|package-lock\.json$"
                     r"|scripts/check_words(?:_test)?\.py$")
CPP = re.compile(r"""(?P<comment>//[^\n]*|/\*.*?\*/)|R"(?P<end>\w*)\(.*?\)(?P=end)"|"(?:[^"\\\n]|\\.)*\""""
                 r"|(?<!\w)'(?:[^'\\\n]|\\.)+'", re.DOTALL)
# Escapes of literals, and the marks of comments, headings and quotations.
MARKS = re.compile(r"\\[nt]|(?://+|/\*|#+)(?= )|(?<=\n)[ \t]*[*>](?= )")
CODE = "\0"  # stands for each character that is not text
# What a phrase has between two of its words: blanks, quotes of adjacent literals, and at most one line break.
GAP = r"""(?:[ \t"']*\n[ \t"']*|[ \t"']+)"""
ALTERNATIVES = "|".join(f"(?P<p{i}>{phrase.replace(' ', GAP)})" for i, (phrase, _) in enumerate(PHRASES))
# A phrase is not part of an identifier, a path or a call.
MATCHER = re.compile(rf"(?<![\w/:.-])(?=[a-z])(?:{ALTERNATIVES})(?![\w/(-]|\.\w|::)", re.IGNORECASE)


def cpp_texts(text):
    """(offset, end, whether it is a comment) of each comment and each literal."""
    for found in CPP.finditer(text):
        yield found.start(), found.end(), found["comment"] is not None


def python_texts(text):
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            begin, end = (lines[line - 1] + column for line, column in (token.start, token.end))
            yield begin, end, token.type == tokenize.COMMENT or token.string.startswith(('"""', "'''"))


def script_texts(text):
    yield 0, len(text), False
    for found in re.finditer(r"(?:^|\s)#[^\n]*", text):
        yield found.start(), found.end(), True


def document_texts(text):
    yield 0, len(text), True


READERS = {".cpp": cpp_texts, ".h": cpp_texts, ".py": python_texts,
           ".sh": script_texts, ".yaml": script_texts, ".yml": script_texts}


def readable(suffix, text, comments_only):
    """The text with CODE for each character that people do not read; length and line breaks stay."""
    shown = list(re.sub(r"\S", CODE, text))
    for begin, end, is_comment in READERS.get(suffix, document_texts)(text):
        if is_comment or not comments_only:
            shown[begin:end] = text[begin:end]
    return MARKS.sub(lambda found: " " * len(found[0]), "".join(shown))


def findings(suffix, text, comments_only=False):
    """(line, phrase, better word) of each phrase."""
    shown = readable(suffix, text, comments_only)
    for found in MATCHER.finditer(shown):
        yield (text.count("\n", 0, found.start()) + 1, re.sub(r"[\s\"']+", " ", found[0]),
               PHRASES[int(found.lastgroup[1:])][1])


def sources(paths):
    """(path, its name in messages) of each file to read."""
    for path in paths or [*(ROOT / folder for folder in FOLDERS), *sorted(ROOT.glob("*.md"))]:
        path = path.resolve()
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
            wanted = file == path or (file.suffix in SUFFIXES and file.is_file())
            if wanted and not SKIPPED.search(name.as_posix()):
                yield file, name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", action="store_true", help="do not read string literals")
    parser.add_argument("paths", nargs="*", type=pathlib.Path, metavar="PATH")
    options = parser.parse_args()
    bad = 0
    for file, name in sources(options.paths):
        for line, phrase, better in findings(file.suffix, file.read_text(errors="replace"), options.comments):
            print(f'{name}:{line}: "{phrase}": {better}')
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
