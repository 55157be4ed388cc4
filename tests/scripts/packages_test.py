"""scripts/image/packages.sh installs the packages of its list, and reports versions that differ and how to
update the list. It fails for a difference only if asked to. Debian's tools are fakes."""

import pathlib
import re
import subprocess
import tempfile
import unittest

_IMAGE = pathlib.Path(__file__).parents[2] / "scripts/image"
LIST = "# Versions of 2026-01-02.\n# More.\ng++=4:12.2.0-3\nlibssl3=3.0.22-1~deb12u2\nsrc:poco=1.11.0-3+deb12u1\n"
INSTALLED = {"g++": "4:12.2.0-3", "libssl3": "3.0.22-1~deb12u2", "src:poco": "1.11.0-3+deb12u1"}
FAKES = {
    "apt-get": 'echo "$@" >>"$FAKES/calls"',
    "dpkg-query": 'for name; do :; done; printf %s "$(cat "$FAKES/$name")"',
    # An older version is listed after the newest one.
    "apt-cache": 'printf "Package: %s\\nVersion: %s\\n\\nVersion: 1.10.0-1\\n" "$2" "$(cat "$FAKES/src:$2")"',
}
SECURITY = "deb http://deb.debian.org/debian-security bookworm-security main\n"
DEB822 = "Types: deb\nURIs: http://deb.debian.org/debian\n"


class Packages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "packages.sh").write_bytes((_IMAGE / "packages.sh").read_bytes())
        (self.root / "packages.list").write_text(LIST)
        (self.root / "apt/sources.list.d").mkdir(parents=True)
        (self.root / "apt/sources.list").write_text(SECURITY)
        (self.root / "apt/sources.list.d/debian.sources").write_text(DEB822)
        (self.root / "bin").mkdir()
        for name, text in FAKES.items():
            (self.root / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.root / "bin" / name).chmod(0o755)

    def run_script(self, *words: str, installed=None, **environment: str) -> subprocess.CompletedProcess:
        for name, version in {**INSTALLED, **(installed or {})}.items():
            (self.root / name).write_text(version)
        return subprocess.run(["sh", self.root / "packages.sh", *words], capture_output=True, text=True,
                              env={"PATH": f"{self.root}/bin:/usr/bin:/bin", "FAKES": str(self.root),
                                   "APT_FOLDER": str(self.root / "apt"), **environment})

    def test_versions_are_compared_with_the_list(self):
        newer = {"libssl3": "3.0.23-1"}
        source = {"src:poco": "1.11.0-3+deb12u2"}
        cases = [
            ("as listed", {}, {}, 0, []),
            ("as listed, strict", {}, {"POSTERN_STRICT_PACKAGES": "1"}, 0, []),
            ("newer", newer, {}, 0, ["libssl3 is 3.0.23-1, the list has 3.0.22-1~deb12u2"]),
            ("newer, not strict", newer, {"POSTERN_STRICT_PACKAGES": "0"}, 0,
             ["libssl3 is 3.0.23-1, the list has 3.0.22-1~deb12u2"]),
            ("newer, strict", newer, {"POSTERN_STRICT_PACKAGES": "1"}, 1,
             ["libssl3 is 3.0.23-1, the list has 3.0.22-1~deb12u2"]),
            ("two newer", {**newer, **source}, {}, 0,
             ["libssl3 is 3.0.23-1, the list has 3.0.22-1~deb12u2",
              "src:poco is 1.11.0-3+deb12u2, the list has 1.11.0-3+deb12u1"]),
        ]
        for what, installed, environment, code, expected in cases:
            with self.subTest(what):
                done = self.run_script(installed=installed, **environment)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual(re.findall("packages.list: (.* the list has .*)", done.stderr), expected)
                self.assertEqual("--print >packages.list" in done.stderr, bool(expected))

    def test_installs_the_names_and_no_source_package(self):
        self.run_script()
        calls = (self.root / "calls").read_text().splitlines()
        self.assertEqual(calls[0], "-qq update")
        self.assertTrue(calls[1].endswith("--no-install-recommends g++ libssl3"), calls[1])

    def test_prints_the_list_with_what_is_installed(self):
        done = self.run_script("--print", installed={"g++": "4:13.1-1"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(re.sub(r"\d{4}-\d\d-\d\d\.", "DATE.", done.stdout),
                         LIST.replace("2026-01-02", "DATE").replace("4:12.2.0-3", "4:13.1-1"))
        self.assertNotIn("2026-01-02", done.stdout)
        self.assertFalse((self.root / "calls").exists())

    def test_the_mirror_gives_sources_too(self):
        self.run_script()
        self.assertEqual((self.root / "apt/sources.list").read_text(), SECURITY + SECURITY.replace("deb", "deb-src", 1))
        self.assertIn("Types: deb deb-src\n", (self.root / "apt/sources.list.d/debian.sources").read_text())

    def test_a_snapshot_takes_the_place_of_the_mirror(self):
        self.run_script(SNAPSHOT="20261130T000000Z")
        self.assertEqual(list((self.root / "apt/sources.list.d").iterdir()), [])
        lines = (self.root / "apt/sources.list").read_text().splitlines()
        places = [re.sub(r"^(\S+) \[.*\] http://snapshot.debian.org/archive/", r"\1 ", line) for line in lines]
        self.assertEqual(places, [f"{kind} {place}" for place in (
            "debian/20261130T000000Z/ bookworm main", "debian/20261130T000000Z/ bookworm-updates main",
            "debian-security/20261130T000000Z/ bookworm-security main") for kind in ("deb", "deb-src")])

    def test_the_list_names_each_package_once_and_the_base_has_a_digest(self):
        lines = [line for line in (_IMAGE / "packages.list").read_text().splitlines() if line[0] != "#"]
        for line in lines:
            self.assertRegex(line, r"^(src:)?[a-z0-9][a-z0-9.+-]+=[0-9][A-Za-z0-9.+:~-]*$")
        names = [line.split("=")[0] for line in lines]
        self.assertEqual(len(names), len(set(names)))
        sources = re.findall(r"^source_of (\S+)", (_IMAGE / "libraries.sh").read_text(), re.MULTILINE)
        self.assertEqual({name[4:] for name in names if name.startswith("src:")}, set(sources))
        base = re.search(r"^ARG BASE=(.*)$", (_IMAGE.parents[1] / "Dockerfile").read_text(), re.MULTILINE)[1]
        self.assertRegex(base, r"^docker\.io/library/debian@sha256:[0-9a-f]{64}$")

    def test_the_image_is_built_for_every_architecture_from_one_recipe(self):
        root = _IMAGE.parents[1]
        dockerfile = (root / "Dockerfile").read_text()
        recipes = {path.name: path.read_text() for path in [*_IMAGE.glob("*.*"), root / "scripts/hardening.flags"]}
        recipes["Dockerfile"] = "".join(line for line in dockerfile.splitlines(True) if line[0] != "#")
        for name, text in recipes.items():
            self.assertNotRegex(text, r"amd64|x86[-_]64|arm64|aarch64|--platform", name)
        for text in (dockerfile, (root / "helm/README.md").read_text()):
            self.assertRegex(text, r"podman build --platform linux/amd64,linux/arm64 --manifest \S+ \.")


unittest.main()
