"""The README names every flag, fault and metric of the daemon, and no metric or flag that is none."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/image"))

import readme_manifest  # noqa: E402

README = (ROOT / "README.md").read_text()
MADE_OF_PARTS = {"postern_certificate_not_before_timestamp_seconds"}  # "..._not_before_..." there


def metrics():
    found = set()
    for source in (ROOT / "daemon").rglob("*.cpp"):
        found |= set(re.findall(r'"((?:postern|process|whatsapp)_[a-z_]+)["{]', source.read_text()))
    return {name for name in found if name != "postern_options"}


class ReadmeTest(unittest.TestCase):
    def test_names_every_flag_and_no_other(self):
        # `postern --help` prints this table: CommandLineTest.HelpNamesEveryFlagAndItsVariable.
        table = (ROOT / "daemon/config/flags.cpp").read_text()
        flags = {"--" + name for name in re.findall(r'^    \{"([a-z0-9.-]+)",', table, re.M)}
        self.assertGreater(len(flags), 50)
        self.assertEqual([], sorted(flag for flag in flags if f"`{flag}" not in README))
        known = flags | {"--once", "--mysql"}
        self.assertEqual([], sorted(set(re.findall(r"`(--[a-z0-9.-]+[a-z0-9])", README)) - known))

    def test_names_every_fault(self):
        faults = re.findall(r'\{Fault::\w+, "(\w+)"', (ROOT / "daemon/base/result.h").read_text())
        self.assertEqual(len(faults), 19)
        self.assertEqual([], [fault for fault in faults if f"`{fault}`" not in README])

    def test_names_every_metric_and_no_other(self):
        known = metrics()
        self.assertGreater(len(known), 30)
        named = set(re.findall(r"\b((?:postern|process|whatsapp)_[a-z_]+)", README))
        self.assertEqual([], sorted(known - named - MADE_OF_PARTS))
        others = {"whatsapp_json", "whatsapp_health", "whatsapp_config"}  # formats and a table
        self.assertEqual([], sorted(named - known - others))

    def test_names_one_image_and_it_has_this_version(self):
        version = re.search(r"^project\(postern VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]
        image = f"{readme_manifest.REGISTRY}/postern:{version}"
        self.assertEqual({image}, set(re.findall(rf"{readme_manifest.REGISTRY}/postern:\S+", README)))
        self.assertTrue(readme_manifest.podman_line().endswith(image))
        sidecar = readme_manifest.manifest()["spec"]["containers"][1]
        self.assertEqual((sidecar["name"], sidecar["image"]), ("postern", image))

    def test_makes_the_secrets_that_its_manifest_mounts(self):
        volumes = readme_manifest.manifest()["spec"]["volumes"]
        mounted = [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
        self.assertEqual(mounted, list(readme_manifest.secrets()))


if __name__ == "__main__":
    unittest.main()
