"""scripts/check_sizes.py finds files, headers and functions that are too long, and nothing else."""

import importlib.util
import pathlib
import unittest

_ROOT = pathlib.Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("check_sizes", _ROOT / "scripts/check_sizes.py")
check_sizes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(check_sizes)


def function(lines: int, head: str = "void Long::read(int a) {", indent: str = "") -> str:
    """A function of that many lines, with braces in its body."""
    body = ["  if (a) {", "    b();", "  }"] + ["  b();"] * (lines - 5)
    return "".join(f"{indent}{line}\n" for line in [head, *body, "}"])


class CheckSizesTest(unittest.TestCase):
    def complaints(self, text: str, name: str = "a.cpp") -> list[str]:
        return [complaint for _, complaint in check_sizes.too_long(name, text)]

    def test_allows_files_up_to_400_lines_and_headers_up_to_150(self):
        self.assertEqual(self.complaints("\n" * 400), [])
        self.assertEqual(self.complaints("\n" * 401), ["401 lines, expected at most 400: split it by topic"])
        self.assertEqual(self.complaints("\n" * 150, "a.h"), [])
        self.assertEqual(self.complaints("\n" * 151, "a.h"), ["151 lines, expected at most 150: split it by topic"])

    def test_allows_functions_up_to_60_lines(self):
        self.assertEqual(self.complaints(function(60)), [])
        self.assertEqual(self.complaints(function(61)),
                         ["Long::read has 61 lines, expected at most 60: extract a function"])

    def test_finds_functions_wherever_they_are(self):
        for before, head, after in (
                ("namespace a {\nnamespace {\n\n", "int read() {", "}  // namespace\n}\n"),
                ("class A final : public B<C> {\n public:\n  int a = 1;\n", "int read() const override {", "};\n"),
                ("struct A {\n", "template <typename T> int read(T a = {}) {", "};\n"),
                ("", "A::read(int a, int b) : a_(a), b_{b}, c_{} {", ""),
                ("", "async::Task<> A::read(int a,\n  int b) {", ""),
                ("const int a[] = {1, 2};\n", "int read() {", ""),
                ('const char* const a = "{";  // {\nconst char b = \'{\';\n', "int read() {", ""),
                ('const char* const a = R"({{{)";\n#define B(c) \\\n  {\n', "int read() {", ""),
                ("const int a = 1\'000\'000;\n", "constexpr int read(int a = 1\'0) {", "")):
            with self.subTest(before + head):
                self.assertEqual(len(self.complaints(before + function(62, head) + after)), 1)

    def test_counts_from_the_signature(self):
        text = "int a;\n\n// What it does.\nint read(int a,\n         int b) {\n  return a;\n}\n"
        self.assertEqual(list(check_sizes.functions(text)), [("read", 4, 4)])

    def test_judges_neither_classes_nor_tables_as_functions(self):
        lines = "  int a = 1;\n" * 80
        for text in (f"namespace a {{\n{lines}}}\n", f"class A : public B<int()> {{\n{lines}}};\n",
                     f"enum class A {{\n{lines}}};\n", f"constexpr std::array<A, f(3)> kA = {{\n{lines}}};\n"):
            with self.subTest(text[:40]):
                self.assertEqual(self.complaints(text), [])

    def test_sees_the_functions_of_the_daemon(self):
        found = sum(len(list(check_sizes.functions(path.read_text())))
                    for path in (_ROOT / "daemon").rglob("*.cpp"))
        self.assertGreater(found, 1000)


if __name__ == "__main__":
    unittest.main()
