"""A stranger finds each answer of tests/data/strangers.tsv by a plain search of the field's terms.

A row is QUESTION<TAB>TERMS<TAB>FILE. The search reads the names of the files of daemon/ and the first comment of each
header, or of a source without a header. A term is found where its letters are, in any case; hyphens and underscores
do not count. A file with more of the terms is better; among equals one with more of them in its name, then one with
more of them in the name of its folder. FILE must be better than every other file.

If a row fails, name the file or write its first comment so that it contains the field's term."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).parents[2]
QUESTIONS = ROOT / "tests/data/strangers.tsv"
COMMENT = re.compile(r"^[ ]*//.*(?:\n[ ]*//.*)*", re.M)


def plain(text):
    return re.sub("[-_]", "", text.lower())


def first_comment(source):
    found = COMMENT.search(source)
    return " ".join(line.strip(" /") for line in found[0].splitlines()) if found else ""


def files():
    """(path, name, folder, first comment) of each header of daemon/, and of each source without one."""
    for path in sorted((ROOT / "daemon").rglob("*")):
        if path.suffix == ".h" or path.suffix == ".cpp" and not path.with_suffix(".h").exists():
            yield (path.relative_to(ROOT).as_posix(), plain(path.stem), plain(path.parent.name),
                   plain(first_comment(path.read_text())))


def score(terms, name, folder, comment):
    """How many of the terms the file has, how many of them in its name, and how many in the name of its folder."""
    return (sum(term in name or term in folder or term in comment for term in terms),
            sum(term in name for term in terms), sum(term in folder for term in terms))


class StrangersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = list(files())
        cls.rows = [line.split("\t") for line in QUESTIONS.read_text().splitlines()]

    def test_has_at_least_twenty_questions_with_one_answer_each(self):
        self.assertTrue(all(len(row) == 3 for row in self.rows))
        self.assertGreaterEqual(len({question for question, _, _ in self.rows}), 20)
        self.assertEqual(len(self.rows), len({file for _, _, file in self.rows}))
        self.assertEqual([], sorted({file for _, _, file in self.rows} - {file[0] for file in self.files}))

    def test_finds_the_answer_of_each_question_first(self):
        for question, words, expected in self.rows:
            with self.subTest(question):
                terms = plain(words).split()
                scores = {path: score(terms, *rest) for path, *rest in self.files}
                own = scores.get(expected, ())
                others = sorted(((points, path) for path, points in scores.items()
                                 if points >= own and path != expected), reverse=True)
                self.assertEqual([], others[:5], f"not behind {expected} {own} in a search of: {words}")

    def test_reads_the_first_comment_of_a_header(self):
        source = "#pragma once\n\nnamespace a {\n\n// One\n// two.\nclass B {\n  int c;  // three\n};\n// Four.\n"
        self.assertEqual("One two.", first_comment(source))
        self.assertEqual("", first_comment("#pragma once\n"))

    def test_prefers_more_terms_then_the_name_then_the_folder(self):
        terms = ["backoff", "login"]
        ranked = [score(terms, "backoff", "login", ""), score(terms, "backoff", "session", "after a login"),
                  score(terms, "gate", "login", "the backoff"), score(terms, "gate", "session", "backoff of a login"),
                  score(terms, "login", "login", "a login")]
        self.assertEqual(sorted(ranked, reverse=True), ranked)
        self.assertEqual(len(ranked), len(set(ranked)))


if __name__ == "__main__":
    unittest.main()
