#!/usr/bin/env python3
"""user_texts.py [--write | --excluded]: lists every text that a user of postern can read.

A row is KIND<TAB>FILE<TAB>TEXT. Without arguments it prints the rows. --write writes them to tests/data/texts.tsv,
which tests/scripts/texts_test.py compares. --excluded prints the literals of daemon/ that users do not read, as rows
REASON<TAB>FILE<TAB>LITERAL.

TEXT is one line of a text, without the spaces around it. Literals are joined as the program joins them; {} replaces
what is not a literal. The placeholders of fmt, printf, pages and templates stay. Rows are sorted and have no line
numbers: moving code changes no row."""

import argparse
import functools
import html
import html.parser
import json
import pathlib
import re
import sys

import yaml

import cpp_literals

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests/data/texts.tsv"
KINDS = {
    "flag": "a flag with its help",
    "usage": "the other lines of --help",
    "help": "a metric with its HELP line",
    "fault": "a fault, its status, and what happens next",
    "next": "what happens next after a failure",
    "error": "what failed, in answers, logs and postern check",
    "remedy": "what to do",
    "config": "what is wrong with the configuration or the command line",
    "log": "messages and fields of the log",
    "program": "output of the commands, and bodies of the injector's own pages",
    "check": "output of postern check",
    "page": "pages of the web listener, HTML and plain",
    "injector": "refusals and warnings of the admission webhook",
    "chart": "NOTES and refusals of the Helm chart",
    "alert": "summaries and descriptions of alerts",
    "dashboard": "titles and descriptions of dashboards",
}
FOLDERS = {"app": "program", "config": "config", "kube": "injector", "check": "check",
           "web": "page"}  # of daemon/; the others make errors

# (literal, files of daemon/, reason): users do not read a literal that is this pattern as a whole.
NOT_TEXTS = [
    (r"[\w.+-]+/[\w.+-]+\s*;.*|; (?:charset|version|escaping)=.*|default-src .*", "", "media type or policy in a header"),
    (r"(?:GET \{\})? ?HTTP/1\.[01] ?(?:100 Continue)?(?:\r\n.*)?|(?:GET|POST|PUT|HEAD)(?:, [A-Z]+)+"
     r"|(?:Authorization: )?(?:Basic|Bearer|Apikey) (?:realm=.*|\{\{token\}\})?|Cookie: .*", "", "HTTP"),
    (r"\s*#? ?(?:HELP|TYPE|UNIT) (?:\{\} ?)?|(?:\{\})?# EOF\n?|\w+\{\{.*", "", "exposition format"),
    (r"-----BEGIN [A-Z0-9 ]*-*|BEGIN |END |Proc-Type: .*|[A-Z0-9# ]+ (?:KEY|CERTIFICATE|REQUEST|PARAMETERS|DATA|CRL)"
     r"|ABCDEFGHIJKLMNOPQRSTUVWXYZ.*", "", "PEM"),
    (r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), |(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) |Tt ", "", "date"),
    (r"SELECT .*|SHOW .*", "", "query of the database"),
    (r"errno\]: |certificate revoked|SSL is required, .*|Validation of .*|unable to verify|has expired|not yet valid"
     r"|No such file", "credentials/mysql", "text of another program, compared"),
    (r"version https://git-lfs.*", "", "text of another program, compared"),
    (r"data:image/.*", "", "image"),
    (r' level=warn msg="', "", "format of the log"),
]
# (name of the innermost call around a literal, reason)
NOT_SHOWN = [
    (r"(?:^|\W)(?:starts_with|ends_with|find|find_\w+|contains|holds|has|findMarker|trimmed)$", "compared, not shown"),
]
TAGS = ("a b body br button caption code col colgroup dd details div dl dt em footer g h1 h2 h3 head header html "
        "input li line link main meta nav noscript ol p path pre q rect span strong style summary svg table tbody "
        "td th thead time title tr ul wbr").split()
TAG = re.compile(rf"</?(?:{'|'.join(TAGS)})(?:\s[^<>]*)?/?>")
SHOWN_ATTRIBUTE = re.compile(r'\b(?:aria-label|placeholder|title|alt)="([^"]*)"')
INLINE = {"a", "b", "code", "em", "q", "span", "strong", "time", "wbr"}
PLACEHOLDER = re.compile(r"\{[^{}]*\}|%[-+0#]*[\d.*]*[zlh]*[a-zA-Z%]")


def has_letter(text):
    return re.search(r"[^\W\d_]", PLACEHOLDER.sub("", html.unescape(TAG.sub("", text)))) is not None


def is_text(text):
    """Whether the text has a space and a letter."""
    return " " in TAG.sub(" ", text) and has_letter(text)


def escaped(text):
    text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\r", "\\r")
    return re.sub(r"[\0-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def lines_of(text):
    """The lines of a text as rows have them."""
    if TAG.search(text):
        text = TAG.sub(lambda tag: "".join(f"\n{shown}\n" for shown in SHOWN_ATTRIBUTE.findall(tag[0])) or
                       ("" if re.match(r"</?(\w+)", tag[0])[1] in INLINE else "\n"), text)
    for line in text.split("\n"):
        if has_letter(line):
            yield escaped(line.strip())


def value(cell):
    return cell.value if isinstance(cell, cpp_literals.Literal) else ""


def row_of(cells):
    """A metric, a flag or a fault with its help as one text."""
    values = [value(cell) for cell in cells]
    if len(cells) < 3:
        return None
    if re.fullmatch(r"(?:postern|process|whatsapp)_[a-z_]+", values[0]) and \
            values[1] in ("counter", "gauge", "histogram", "summary", "info") and values[2]:
        return f"{values[0]}: {values[2]}", offsets(cells[:3])
    if len(cells) >= 6 and re.fullmatch(r"[a-z0-9.-]+", values[0]) and re.fullmatch("[A-Z=]*", values[1]) and values[2]:
        return f"--{values[0]}{values[1] and '='}{values[1]}: {values[2]}", offsets(cells[:3])
    if str(cells[0]).startswith("Fault::") and len(cells) == 4 and values[1] and values[3]:
        return f"{values[1]} ({cells[2]}): {values[3]}", offsets((cells[1], cells[3]))
    return None


def offsets(cells):
    return sum((cell.offsets for cell in cells), ())


def kind_of(found, folder):
    if found.cells:
        return "flag" if found.text.startswith("--") else "fault" if isinstance(found.cells[0], str) else "help"
    place = found.place
    for name, position in place.calls:
        last = re.split(r"\W+", name)[-1]
        if name.startswith("log::"):
            return "log"
        if name.endswith("printf"):
            return "program"
        if last == "withRemedy" and position >= 2 or last == "Error" and position == 4:
            return "remedy"
        if last == "Error" and position == 2:
            return "next"
        if last in ("Error", "withRemedy"):
            return "error"
    if place.declared in ("help", "next"):
        return place.declared
    if re.search(r"remedy|cure", place.declared + place.function, re.IGNORECASE):
        return "remedy"
    if place.function == "helpText":
        return "usage"
    return FOLDERS.get(folder, "error")


def reason_against(found, path):
    """Why users do not read this text, or "": they do."""
    if found.cells:
        return ""
    calls = [call for call in found.place.calls if call[0] not in {*cpp_literals.TRANSPARENT, *cpp_literals.FORMATS}]
    for pattern, files, reason in NOT_TEXTS:
        if re.fullmatch(pattern, found.text, re.DOTALL) and files in path.as_posix():
            return reason
    for pattern, reason in NOT_SHOWN:
        if calls and re.search(pattern, calls[0][0]):
            return reason
    if not has_letter(found.text):
        return "placeholders and punctuation"
    message = bool(calls) and calls[0][0].startswith("log::") and calls[0][1] == 0
    if not is_text(found.text) and not message:
        return "one word: name, key, header, path or value"
    return ""


@functools.cache
def texts_of_cpp(path):
    """(kind, text, offsets, reason) of each literal."""
    return [(kind_of(found, path.parent.name), found.text, found.offsets, reason_against(found, path))
            for found in cpp_literals.texts(path.read_text(), row_of)]


class Page(html.parser.HTMLParser):
    """The lines that a page shows, and the texts of its script."""

    def __init__(self, text):
        super().__init__()
        self.lines, self.line, self.inside = [], "", ""
        self.feed(text)
        self.finish_line()

    def finish_line(self):
        self.lines.append(re.sub(r"\s+", " ", self.line).strip())
        self.line = ""

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        if tag not in INLINE:
            self.finish_line()
        self.lines += [text for name, text in attrs if name in ("aria-label", "placeholder", "title", "alt")]

    def handle_endtag(self, tag):
        self.inside = ""
        if tag not in INLINE:
            self.finish_line()

    def handle_data(self, data):
        if self.inside == "script":
            self.lines += (text for text in script_texts(data) if is_text(text) or re.match(r"[A-Z]\w*[a-z]", text))
        elif self.inside != "style":
            self.line += data


def script_texts(script):
    """The strings of JavaScript with {} for ${...}, without class names and selectors of CSS."""
    pattern = re.compile(r"//[^\n]*|/\*.*?\*/|(?P<key>[\w'-]+: *)?(?P<string>'(?:[^'\\\n]|\\.)*'|`)", re.DOTALL)
    at = 0
    while found := pattern.search(script, at):
        at = found.end()
        text, inner = "", ""
        if found["string"] == "`":
            text, inner, at = template(script, at)
        elif found["string"]:
            text = cpp_literals.decoded(found["string"])
        if not re.match(r"class|viewBox|preserveAspectRatio", found["key"] or ""):
            yield from script_texts(inner)
            if not re.match(r"use strict$|#\w+", text):
                yield text


def template(script, at):
    """Of a template literal whose text begins here: the text, the code in its ${...}, and where it ends."""
    text, code = "", []
    while script[at] != "`":
        if script.startswith("${", at):
            begin, depth, at = at + 2, 1, at + 2
            while depth:
                if script[at] == "`":
                    at = template(script, at + 1)[2] - 1
                depth += {"{": 1, "}": -1}.get(script[at], 0)
                at += 1
            text += "{}"
            code.append(script[begin:at - 1])
        else:
            length = 2 if script[at] == "\\" else 1
            text += script[at:at + length]
            at += length
    return cpp_literals.decoded(f"`{text}`"), "; ".join(code), at + 1


def chart_texts():
    notes = ROOT / "helm/templates/NOTES.txt"
    for line in notes.read_text().splitlines():
        if not re.fullmatch(r"\s*(?:\{\{-?[^{}]*\}\}\s*)*", line):
            yield "chart", notes, line.strip()
    for path in sorted((ROOT / "helm/templates").glob("*.*")):
        for text in re.findall(r'\bfail (?:\(printf )?"((?:[^"\\]|\\.)*)"', path.read_text()):
            yield "chart", path, text


def alert_texts():
    for path in sorted((ROOT / "helm/files/rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                for name in ("summary", "description"):
                    if name in rule.get("annotations", {}):
                        yield "alert", path, f"{rule['alert']}: {' '.join(rule['annotations'][name].split())}"


def dashboard_texts():
    def inside(node):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
            if isinstance(child, str) and key in ("title", "description", "text", "label", "legendFormat"):
                yield child
            yield from inside(child)

    for path in sorted((ROOT / "helm/files/dashboards").glob("*.json")):
        for text in inside(json.loads(path.read_text())):
            yield "dashboard", path, text


def other_texts():
    """(kind, path, text) of what is not C++."""
    for path in sorted((ROOT / "daemon").rglob("*.html")):
        for text in Page(path.read_text()).lines:
            yield "page", path, text
    yield from chart_texts()
    yield from alert_texts()
    yield from dashboard_texts()


def sources():
    return sorted(path for path in (ROOT / "daemon").rglob("*") if path.suffix in {".cpp", ".h"})


def rows():
    found = set()
    for path in sources():
        for kind, text, _, reason in texts_of_cpp(path):
            if not reason:
                found |= {(kind, path, line) for line in lines_of(text)}
    for kind, path, text in other_texts():
        found |= {(kind, path, line) for line in lines_of(text)}
    return sorted("\t".join((kind, path.relative_to(ROOT).as_posix(), line)) for kind, path, line in found)


def excluded():
    return sorted({"\t".join((reason, path.relative_to(ROOT).as_posix(), escaped(text.replace("\n", "\\n"))))
                   for path in sources() for _, text, _, reason in texts_of_cpp(path) if reason})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the rows to tests/data/texts.tsv")
    parser.add_argument("--excluded", action="store_true", help="print the literals that users do not read, and why")
    options = parser.parse_args()
    if options.write:
        TABLE.write_text("".join(f"{row}\n" for row in rows()))
    else:
        print(*(excluded() if options.excluded else rows()), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
