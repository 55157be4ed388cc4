"""scripts/release.sh refuses a release unless every file has its version, and names each file to correct."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

_SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
CMAKE = "cmake_minimum_required(VERSION 3.25)\nproject(postern VERSION 1.2.3 LANGUAGES CXX)\n"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n## 1.2.3\n\n- [FEATURE] base: it is there.\n\n## 1.2.2\n\n- old\n"
CHART = "apiVersion: v2\nname: postern\nversion: 1.2.3\nappVersion: \"1.2.3\"\n"


class Release(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "scripts").mkdir()
        for name in ("release.sh", "lib.sh"):
            shutil.copy(_SCRIPTS / name, self.root / "scripts")
        self.write("CMakeLists.txt", CMAKE)
        self.write("CHANGELOG.md", CHANGELOG)
        self.write("helm/Chart.yaml", CHART)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def write(self, name: str, text: str):
        file = self.root / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def git(self, *words: str):
        subprocess.run(["git", "-c", "user.name=Test", "-c", "user.email=test@localhost", *words],
                       cwd=self.root, check=True, capture_output=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=All there is")

    def release(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.root / "scripts/release.sh", *words], capture_output=True, text=True)

    def tags(self) -> str:
        return subprocess.run(["git", "tag"], cwd=self.root, capture_output=True, text=True).stdout

    def refuses(self, complaint: str, version: str = "1.2.3"):
        for more in ([], ["--dry-run"]):
            with self.subTest(complaint=complaint, more=more):
                before = self.tags()
                done = self.release(version, *more)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(done.stderr.splitlines(), [complaint, "nothing was done"])
                self.assertEqual(self.tags(), before)

    def test_a_dry_run_says_what_would_be_done_and_does_nothing(self):
        done = self.release("1.2.3", "--dry-run")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("every file has version 1.2.3; this would build and test localhost/postern:1.2.3, "
                      "and tag v1.2.3", done.stdout)
        self.assertEqual(self.tags(), "")

    def test_it_wants_one_version_and_knows_one_flag(self):
        for words in ([], ["1.2.3", "1.2.4"], ["1.2.3", "--dry"]):
            with self.subTest(words=words):
                done = self.release(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn("scripts/release.sh VERSION [--dry-run]", done.stderr)

    def test_another_branch(self):
        self.git("switch", "--quiet", "--create", "wip")
        self.refuses("the branch is wip: a release is made from main")
        self.git("switch", "--quiet", "--detach")
        self.refuses("the branch is none: a release is made from main")

    def test_what_is_not_committed(self):
        self.write("new.txt", "new\n")
        self.refuses("there are uncommitted changes: git status shows them")

    def test_a_tag_that_is_there(self):
        self.git("tag", "v1.2.3")
        self.refuses("the tag v1.2.3 already exists: choose the next version")

    def test_no_version(self):
        for text in (CMAKE, CHANGELOG, CHART):
            self.assertIn("1.2.3", text)
        self.write("CMakeLists.txt", CMAKE.replace("1.2.3", "1.2"))
        self.write("CHANGELOG.md", CHANGELOG.replace("1.2.3", "1.2"))
        self.write("helm/Chart.yaml", CHART.replace("1.2.3", "1.2"))
        self.commit()
        self.refuses("1.2 is not a version: expected three numbers, as in 1.2.3", "1.2")

    def test_another_version_of_the_program(self):
        self.write("CMakeLists.txt", CMAKE.replace("1.2.3", "1.2.2"))
        self.commit()
        self.refuses("CMakeLists.txt has version 1.2.2: correct its project() line")

    def test_a_changelog_without_it(self):
        self.write("CHANGELOG.md", CHANGELOG.replace("## 1.2.3\n", "## 1.2.30\n"))
        self.commit()
        self.refuses('CHANGELOG.md has no lines below "## 1.2.3": write its section')
        self.write("CHANGELOG.md", CHANGELOG.replace("- [FEATURE] base: it is there.\n", ""))
        self.commit()
        self.refuses('CHANGELOG.md has no lines below "## 1.2.3": write its section')

    def test_changes_that_belong_to_no_version(self):
        self.write("CHANGELOG.md", CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- [BUGFIX] x\n"))
        self.commit()
        self.refuses('CHANGELOG.md has lines below "## Unreleased": move them below "## 1.2.3"')

    def test_another_version_of_the_chart(self):
        self.write("helm/Chart.yaml", CHART.replace("version: 1.2.3", "version: 1.2.2"))
        self.commit()
        self.refuses("helm/Chart.yaml has version 1.2.2: write 1.2.3")
        self.write("helm/Chart.yaml", CHART.replace('appVersion: "1.2.3"\n', ""))
        self.commit()
        self.refuses("helm/Chart.yaml has appVersion nothing: write 1.2.3")
        (self.root / "helm/Chart.yaml").unlink()
        self.commit()
        self.refuses("helm/Chart.yaml is missing")

    def test_all_mistakes_are_said_at_once(self):
        self.write("CMakeLists.txt", CMAKE.replace("1.2.3", "1.0.0"))
        done = self.release("1.2.4")
        self.assertEqual(len(done.stderr.splitlines()), 6, done.stderr)


unittest.main()
