"""scripts/clang_tidy.py finds the same in joined files as in each file alone."""

import importlib.util
import pathlib
import re
import tempfile
import unittest

_ROOT = pathlib.Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("clang_tidy", _ROOT / "scripts/clang_tidy.py")
clang_tidy = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(clang_tidy)

FLAGS = ["-std=c++20"]

# One fault for each enabled family of checks, in the unnamed namespace and outside.
FAULTY = """\
#include <string>
#include <utility>
#include "base.h"

namespace postern::%(name)s {
namespace {
int unused(int number) { return 1; }
}  // namespace
struct Derived : Base {
  virtual ~Derived();
  virtual int size() { return unused(1); }
};
Derived::~Derived() {}
int dereferenced(int* pointer) {
  if (pointer == nullptr) return *pointer;
  return 0;
}
std::string::size_type moved(std::string text) {
  const std::string other = std::move(text);
  return text.size() + other.size();
}
bool empty(const std::string& text) { return text.size() == 0; }
void copied(const std::string& text, std::string& out) {
  const std::string copy = text;
  out += copy.substr(1);
}
int silenced(int number) { return 1; }  // NOLINT
}  // namespace postern::%(name)s
"""
CLEAN = "namespace postern::clean {\nint one() { return 1; }\n}  // namespace postern::clean\n"


def findings(printed: str) -> set[tuple[str, str, str]]:
    """File, line and check of each finding."""
    return set(re.findall(r"^\S*?(\w+\.\w+):(\d+):\d+: error: .* \[([\w.-]+),?", printed, re.M))


class ClangTidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "daemon"  # HeaderFilterRegex wants it
        self.root.mkdir()
        (self.root / "base.h").write_text("#pragma once\nstruct Base {\n  virtual ~Base() = default;\n  virtual int size() = 0;\n};\n")
        self.files = []
        for name, text in (("a", FAULTY), ("b", FAULTY), ("clean", CLEAN)):
            self.files.append(self.root / f"{name}.cpp")
            self.files[-1].write_text(text % {"name": name})

    def test_finds_the_same_in_one_unit(self):
        alone, analyzed = set(), set()
        for file in self.files:
            good, printed = clang_tidy.tidy(file, FLAGS, [])
            self.assertEqual(good, file.stem == "clean", printed)
            alone |= findings(printed)
            analyzed |= findings(clang_tidy.tidy(file, FLAGS, [clang_tidy.ANALYZER])[1])
        unit = self.root / "unit.cpp"
        good, printed = clang_tidy.tidy(unit, FLAGS, [clang_tidy.NO_ANALYZER], clang_tidy.together(self.files, unit))
        self.assertFalse(good)
        self.assertEqual(alone, findings(printed) | analyzed)
        for family in ("bugprone", "clang-analyzer", "misc", "modernize", "performance",
                       "readability"):
            self.assertTrue(any(check.startswith(family) for _, _, check in alone), (family, alone))

    def test_divides_into_parts_that_lose_no_file(self):
        files = [self.root / f"{folder}" / "x.cpp" for folder in range(9)]
        for number, file in enumerate(files):
            file.parent.mkdir()
            file.write_text("\n" * (number + 1))
        files += [self.root / "main.cpp", self.root / "0" / "main.cpp"]
        files[-1].write_text("")
        files[-2].write_text("")
        parts = clang_tidy.divide(files)
        self.assertLessEqual(max(sum(file.name == "main.cpp" for file in part) for part in parts), 1)
        self.assertEqual(len(parts), clang_tidy.UNITS)
        self.assertEqual(sorted(files), sorted(file for part in parts for file in part))


if __name__ == "__main__":
    unittest.main()
