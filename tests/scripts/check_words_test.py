"""scripts/check_words.py finds phrases that only the authors know in texts for people, and nothing else."""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

_ROOT = pathlib.Path(__file__).parents[2]
_SCRIPT = _ROOT / "scripts/check_words.py"
_SPEC = importlib.util.spec_from_file_location("check_words", _SCRIPT)
check_words = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(check_words)


class CheckWordsTest(unittest.TestCase):
    def found(self, suffix: str, text: str, comments_only: bool = False) -> list[tuple[int, str]]:
        return [(line, phrase) for line, phrase, _ in check_words.findings(suffix, text, comments_only)]

    def finds(self, suffix: str, text: str, *expected: tuple[int, str]):
        with self.subTest(suffix=suffix, text=text):
            self.assertEqual(self.found(suffix, text), list(expected))

    def allows(self, suffix: str, text: str):
        self.finds(suffix, text)

    def test_reads_comments_and_literals_of_cpp(self):
        self.finds(".cpp", "int a;  // starts anew\n", (1, "anew"))
        self.finds(".h", "/* It starts\n * anew. */\n", (2, "anew"))
        self.finds(".cpp", 'fail("starts anew");\n', (1, "anew"))
        self.finds(".cpp", 'R"x(starts\nanew)x";\n', (2, "anew"))
        self.finds(".cpp", 'fail("a\\nanew");\n', (1, "anew"))
        self.finds(".cpp", "const auto n = 1'000'000;  // anew: it's 'anew'\n", (1, "anew"), (1, "anew"))
        self.finds(".cpp", 'auto a = "// no comment"; auto anew = "anew";\n', (1, "anew"))
        self.allows(".cpp", "bool anew = goesOn(anew);\n")

    def test_reads_comments_strings_and_docstrings_of_python(self):
        self.finds(".py", "a = 1  # starts anew\n", (1, "anew"))
        self.finds(".py", 'def f():\n    """Starts.\n\n    It goes on."""\n', (4, "goes on"))
        self.finds(".py", "a = f'{b} goes on'\n", (1, "goes on"))
        self.allows(".py", "anew = anew + 1\n")

    def test_reads_other_files_as_a_whole(self):
        self.finds(".md", "# Anew\n\nIt *goes on*.\n", (1, "Anew"), (3, "goes on"))
        self.finds(".sh", "say 'it goes on'  # anew\n", (1, "goes on"), (1, "anew"))
        self.finds(".yaml", "summary: it goes on\n", (1, "goes on"))

    def test_finds_a_phrase_across_a_line_break(self):
        self.finds(".cpp", "  // The name stands\n  // twice.\n", (1, "stands twice"))
        self.finds(".cpp", "int a;  // the name stands\n        // twice\n", (1, "stands twice"))
        self.finds(".cpp", 'fail("the name stands "\n     "twice");\n', (1, "stands twice"))
        self.finds(".py", "# The name stands\n# twice.\n", (1, "stands twice"))
        self.finds(".py", "a = ('the name stands '\n     'twice')\n", (1, "stands twice"))
        self.finds(".md", "The name stands\ntwice.\n", (1, "stands twice"))
        self.finds(".md", "> The name stands\n> twice.\n", (1, "stands twice"))
        self.finds(".yaml", "# The name stands\n# twice.\n", (1, "stands twice"))

    def test_keeps_texts_apart(self):
        self.allows(".cpp", "// The name stands\n\n// Twice.\n")
        self.allows(".cpp", "// The name stands\nint a;  // Twice.\n")
        self.allows(".cpp", 'f("it stands", "twice");\n')
        self.allows(".md", "- The name stands\n- twice\n")

    def test_allows_identifiers_and_paths(self):
        self.allows(".cpp", "// See goes_on, base/thread_group.h, crew.h, crew::Group, crew() and --crew.\n")
        self.allows(".md", "`tests/e2e/goes_on_when_the_disk_is_full.py`\n")
        self.finds(".cpp", "// The crew.\n", (1, "crew"))

    def test_allows_the_terms_of_the_field(self):
        self.allows(".md", "A coroutine starts when it is awaited.\n")
        self.allows(".md", "The certificate is good until then, and good for one host.\n")
        self.finds(".md", "The file is missing, it is awaited.\n", (1, "it is awaited"))

    def test_reads_comments_only_if_asked(self):
        for suffix, text in ((".cpp", 'f("goes on");  // anew\n'), (".py", 'f("goes on")  # anew\n'),
                             (".sh", 'say "goes on"  # anew\n')):
            with self.subTest(suffix=suffix):
                self.assertEqual(self.found(suffix, text, comments_only=True), [(1, "anew")])
        self.assertEqual(self.found(".py", '"""Goes on."""\n', comments_only=True), [(1, "Goes on")])
        self.assertEqual(self.found(".md", "It goes on.\n", comments_only=True), [(1, "goes on")])

    def test_names_a_better_word_for_each_phrase(self):
        for phrase, better in check_words.PHRASES:
            with self.subTest(phrase=phrase):
                self.assertTrue(better)
                self.assertNotRegex(phrase, r"\((?!\?)", "a group that captures hides which phrase matched")


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_script(self, *arguments: object) -> tuple[int, str]:
        ran = subprocess.run([sys.executable, _SCRIPT, *map(str, arguments)], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
        return ran.returncode, ran.stdout

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def test_says_file_line_phrase_and_better_word(self):
        path = self.write("a.md", "A page.\nIt starts anew.\n")
        self.assertEqual(self.run_script(path), (1, f'{path}:2: "anew": again; from scratch\n'))

    def test_says_nothing_about_plain_words(self):
        self.assertEqual(self.run_script(self.write("a.md", "It starts again.\n")), (0, ""))

    def test_reads_a_named_file_whatever_its_suffix(self):
        self.assertEqual(self.run_script(self.write("Dockerfile", "# anew\n"))[0], 1)

    def test_reads_the_sources_of_a_folder_only(self):
        for name in ("tests/data/a.md", "node_modules/a/a.md", "build-dev/a.h", "scripts/check_words.py", "a.bin"):
            self.write(name, "// anew\n")
        self.assertEqual(self.run_script(self.folder), (0, ""))
        path = self.write("b/a.h", "// anew\n")
        self.assertEqual(self.run_script(self.folder), (1, f'{path}:1: "anew": again; from scratch\n'))

    def test_leaves_literals_out_if_asked(self):
        self.assertEqual(self.run_script("--comments", self.write("a.h", 'auto a = "anew";\n')), (0, ""))

    def test_refuses_an_unknown_flag_with_2(self):
        self.assertEqual(self.run_script("--unknown")[0], 2)


if __name__ == "__main__":
    unittest.main()
