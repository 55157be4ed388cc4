"""tests/data/texts.tsv is the table of all texts that users read, so that a change of words shows in review.
scripts/user_texts.py extracts it from the sources; no literal of daemon/ is left out without a reason."""

import collections
import difflib
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import cpp_literals  # noqa: E402
import user_texts  # noqa: E402

COMMAND = "python3 scripts/user_texts.py --write"
# A scanner of its own: what user_texts.py overlooks, this one finds.
SCANNER = re.compile(r'//[^\n]*|/\*.*?\*/|(?<![^\n])\s*\#\s*(?:include|error)[^\n]*|(?<!\w)\'(?:[^\'\\\n]|\\.)+\''
                     r'|R"(?P<mark>\w*)\((?P<raw>.*?)\)(?P=mark)"|"(?P<text>(?:[^"\\\n]|\\.)*)"', re.DOTALL)


def difference(expected, found):
    """Removed and added rows, a changed text beside its old wording: of the same file, or the same text moved."""
    added = [row.split("\t") for row in found if row not in set(expected)]
    lines = []
    for kind, file, text in (row.split("\t") for row in expected if row not in set(found)):
        lines.append(f"- {kind} {file}: {text}")
        near = difflib.get_close_matches(text, [new for _, where, new in added if where == file or new == text], 1, 0.5)
        if near:
            row = next(row for row in added if row[2] == near[0] and (row[1] == file or near[0] == text))
            added.remove(row)
            lines.append("+ {} {}: {}".format(*row))
    return lines + ["+ {} {}: {}".format(*row) for row in added]


def literals(source):
    """(offset, text) of each literal with a space and a letter."""
    for found in SCANNER.finditer(source):
        text = found["raw"] if found["raw"] is not None else found["text"]
        if text is not None and " " in text and re.search("[A-Za-z]", text):
            yield found.start(), text


def joined(source):
    return [found.text for found in cpp_literals.texts(source)]


class TableTest(unittest.TestCase):
    def test_is_what_the_sources_say(self):
        expected = user_texts.TABLE.read_text().splitlines()
        lines = difference(expected, user_texts.rows())
        if lines:
            self.fail("texts of users changed; read them, then write the table with\n"
                      f"  {COMMAND}\n" + "\n".join(lines))

    def test_has_a_row_or_a_reason_for_every_literal(self):
        seen, missing = 0, []
        for path in user_texts.sources():
            source = path.read_text()
            known = {offset for _, _, offsets, _ in user_texts.texts_of_cpp(path) for offset in offsets}
            for offset, text in literals(source):
                seen += 1
                if offset not in known:
                    line = source.count("\n", 0, offset) + 1
                    missing.append(f"{path.relative_to(ROOT)}:{line}: \"{text}\" is neither in the table nor excluded; "
                                   "mend scripts/cpp_literals.py")
        self.assertEqual([], missing)
        self.assertGreater(seen, 1500)

    def test_names_every_fault_flag_and_metric(self):
        kinds = collections.defaultdict(list)
        for row in user_texts.rows():
            kind, _, text = row.split("\t")
            kinds[kind].append(text.split(" ")[0].split(":")[0].split("=")[0])
        self.assertEqual([], [kind for kind in user_texts.KINDS if not kinds[kind]])
        self.assertEqual([], [kind for kind in kinds if kind not in user_texts.KINDS])
        sources = {path.relative_to(ROOT / "daemon").as_posix(): path.read_text() for path in user_texts.sources()}
        faults = re.search(r"enum class Fault \{([^}]*)\}", sources["base/fault.h"])[1].split(",")
        self.assertEqual(len([name for name in faults if name.strip()]), len(kinds["fault"]))
        flags = re.findall(r'^    \{"([a-z0-9.-]+)",', sources["config/flags.cpp"], re.M)
        self.assertEqual(sorted("--" + name for name in flags), sorted(kinds["flag"]))
        metric = r'"((?:postern|process|whatsapp)_\w+)",\s*"(?:counter|gauge|histogram)"'
        metrics = {name for text in sources.values() for name in re.findall(metric, text)}
        self.assertGreater(len(metrics), 50)
        self.assertEqual([], sorted(metrics - set(kinds["help"])))

    def test_has_no_rule_that_excludes_nothing(self):
        used = {reason for path in user_texts.sources() for *_, reason in user_texts.texts_of_cpp(path)}
        self.assertEqual([], [rule for rule in [*user_texts.NOT_TEXTS, *user_texts.NOT_SHOWN] if rule[-1] not in used])


class JoiningTest(unittest.TestCase):
    def test_joins_what_the_program_joins(self):
        for source, expected in (
                ('f("a " "b"\n  "c");', ["a bc"]),
                ('f("a " + b + " c" + std::string("d") + \'e\');', ["a {} cd{}"]),
                ('f(fmt::format("{} a", b) + " c");', ["{} a c"]),
                ('f(a + fmt::format("b {}", c ? "d" : "e"));', ["{}b {}", "d", "e"]),
                ('f(R"x(a "b" \\n)x");', ['a "b" \\n']),
                ('f("a\\n\\t\\"\\\\\\x41");', ['a\n\t"\\A']),
                ('f(a ? "b c" : "d e");', ["b c", "d e"]),
                ('f("a" + g("b c") + "d");', ["a{}d", "b c"]),
                ('// "a"\n/* "b" */ f(1\'000, \'"\', "c");\n#include "d"\n', ["c"])):
            with self.subTest(source):
                self.assertEqual(expected, joined(source))

    def test_says_where_a_text_is(self):
        source = """
            constexpr Row kRows[] = {{1, "a"}, {2, "b"}};
            std::string A::read(int c) const {
              if (c) { log::warn("d", {{"e", "f"}}); }
              const auto g = [&](int) -> X { return Error{Fault::X, "h", "i"}; };
              const std::string j = "k";
              return {};
            }"""
        places = {found.text: found.place for found in cpp_literals.texts(source)}
        self.assertEqual([("", 1), ("", 1)], list(places["b"].calls))
        self.assertEqual("kRows", places["b"].declared)
        self.assertEqual((("log::warn", 0),), places["d"].calls)
        self.assertEqual(("log::warn", 1), places["f"].calls[-1])
        self.assertEqual((("Error", 2),), places["i"].calls)
        self.assertEqual(("j", "A::read"), (places["k"].declared, places["k"].function))

    def test_splits_pages_into_the_lines_that_they_show(self):
        lines = user_texts.lines_of('<p class="a b">One <code>two</code>.</p>\n<td title="Three four">5</td> six')
        self.assertEqual(["One two.", "Three four", "six"], list(lines))
        script = "h('p', {class: 'a b'}, `one ${x ? `two ${y} three` : 'four five'} six`);  // seven eight"
        self.assertEqual(["two {} three", "four five", "one {} six"],
                         [text for text in user_texts.script_texts(script) if " " in text])


class DifferenceTest(unittest.TestCase):
    def test_shows_a_changed_text_beside_its_old_wording(self):
        self.assertEqual(["- log a.cpp: the page was read", "+ log a.cpp: the page was fetched", "- log b.cpp: gone",
                          "+ page c.cpp: new text"],
                         difference(["log\ta.cpp\tthe page was read", "log\tb.cpp\tgone", "log\tb.cpp\tsame"],
                                    ["page\tc.cpp\tnew text", "log\ta.cpp\tthe page was fetched", "log\tb.cpp\tsame"]))


if __name__ == "__main__":
    unittest.main()
