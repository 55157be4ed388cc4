"""The README names every flag, fault and metric of the daemon, and no metric or flag that is none."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/image"))

import readme_manifest  # noqa: E402

README = (ROOT / "README.md").read_text()
# What each of the systems does that postern is used in place of, as "Coming from another system" names it.
OTHER_SYSTEMS = {
    "Teleport": [
        "`PORT`", "`/metrics/<number>`", "any number of the database", "`whatsapp_config`, `lookups`",
        "a row without user or password", "a token for 24 h", "401, or 200 with a text, while it waits",
        "429 for a minute", "any certificate of the service", "`whatsapp_cluster_health", "the text form",
        "All clusters are healthy.", "`/health/<number>`", "`/health/<number>/sanity`", "title (code) - details",
        "`/metrics/<number>/display`", "`WA_ENV`", "the company's name", "database statistics",
        "`/v1/certificates/external/ca`", "`new_password`"],
    "Telemeter's client": [
        "`/authorize`", "drops the token", "`/federate`", "`--match`", "`--match-file`", "`--from-token-file`",
        "`--from-ca-file`", "`--tls-cert-file`", "`--limit-bytes`", "protobuf", "`--label`", "`--rename`",
        "older than 24 h", "sorts by time", "`--anonymize-salt`", "`--interval`", "one minute of waiting",
        "`POST /-/reload`", "the families that were sent last", "`/healthz/ready`", "`/debug/pprof`",
        "`federate_*`", "`--internal.tracing.*`", "`-v`", "labels of the answer: not yet"],
    "Telemeter's server": [
        "`/authorize`", "`/upload`", "`/metrics/v1/receive`", "JWT", "size and rate limits", "required labels",
        "`--whitelist`", "`--elide-label`", "timestamps", "memcached", "TLS on both ports",
        "authorization server for tests"],
    "k8s-prometheus-proxy": [
        "`/mproxy/<namespace>/<prefix>/<path>`", "`podname` and `podip`", "`CIDR_WHITELIST`",
        "`METRICS_PATH_WHITELIST`", "checks of the namespace's name", "200 when one pod answered",
        "15 s for each pod", "the caller's `Authorization`", "`ssl=true`", "`/kubesd/<path>",
        "further parameters", "`CERT_KEY_PASSWD_FILE`", "`CERT_CA_FILE`", "own metrics on port 5055",
        "`APP_URL_PREFIX`", "`K8S_GLOBAL_TOKEN`"],
    "Spinnaker daemon": [
        "port 8008", "`/prometheus_metrics`", "`registry/<service>.yml`", "a list of URLs", "`user:pass@`",
        "`inject_service_tag`", "`use_standard_notation`", "`job` and `instance`", "`spin_service`", "`NaN`",
        "a service that fails", "younger than a second", "`summarize_compound_kinds`", "filters and transforms",
        "does not sum series", "`prometheus.push_gateway`", "Stackdriver", "`/show`, `/dump`, `/explore`",
        "`--log_metric_diff`", "SIGTERM", "our certificate is shown"],
    "Ultronex": [
        "`/heartbeat`, `/stats`, `/external`", "Basic auth", "`POST /ultronex/slack`", "a 404 page",
        "`HTTP_SCHEME`", "survive a restart", "redirect to HTTPS", "health check", "statistics page",
        "its exporter on a port of its own", "WebSocket"],
}
MADE_OF_PARTS = {"postern_certificate_not_before_timestamp_seconds"}  # "..._not_before_..." there


def metrics():
    found = set()
    for source in (ROOT / "daemon").rglob("*.cpp"):
        found |= set(re.findall(r'"((?:postern|process|whatsapp)_[a-z_]+)["{]', source.read_text()))
    return {name for name in found if name != "postern_options"}


class DaemonReadmeTest(unittest.TestCase):
    def test_lists_every_mutex(self):
        daemon = ROOT / "daemon"
        have = {str(path.relative_to(daemon)) for path in daemon.rglob("*.[hc]*")
                if re.search(r"\bstd::(shared_)?mutex \w+;", path.read_text())}
        table = (daemon / "README.md").read_text().split("## Mutexes")[1].split("\n## ")[0]
        listed = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
        self.assertEqual(sorted(have), sorted(listed))


class ReadmeTest(unittest.TestCase):
    def test_names_every_flag_and_no_other(self):
        # `postern --help` prints this table: CommandLineTest.HelpNamesEveryFlagAndItsVariable.
        table = (ROOT / "daemon/config/flags.cpp").read_text()
        flags = {"--" + name for name in re.findall(r'^    \{"([a-z0-9.-]+)",', table, re.M)}
        self.assertGreater(len(flags), 50)
        self.assertEqual([], sorted(flag for flag in flags if f"`{flag}" not in README))
        known = flags | {"--once", "--mysql"}
        before, other_systems = README.split("## Coming from another system\n")
        ours = before + re.sub(r"(?m)^\| [^|]*", "", other_systems)  # without the flags of others
        self.assertEqual([], sorted(set(re.findall(r"`(--[a-z0-9.-]+[a-z0-9])", ours)) - known))

    def test_names_every_fault(self):
        faults = re.findall(r'\{Fault::\w+, "(\w+)"', (ROOT / "daemon/base/fault.h").read_text())
        self.assertEqual(len(faults), 19)
        self.assertEqual([], [fault for fault in faults if f"`{fault}`" not in README])

    def test_names_every_metric_and_no_other(self):
        known = metrics()
        self.assertGreater(len(known), 30)
        named = set(re.findall(r"\b((?:postern|process|whatsapp)_[a-z_]+)", README))
        self.assertEqual([], sorted(known - named - MADE_OF_PARTS))
        others = {"whatsapp_json", "whatsapp_health", "whatsapp_config"}  # formats and a table
        self.assertEqual([], sorted(named - known - others))

    def test_says_what_became_of_each_behavior_of_another_system(self):
        table = README.split("## Coming from another system\n")[1].split("\n## ")[0]
        parts, system = {}, None
        for row in table.splitlines():
            named = re.match(r"\| \*\*([^*]+)\*\*", row)
            system = named[1] if named else system
            parts[system] = parts.get(system, "") + row + "\n"
        for system, behaviors in OTHER_SYSTEMS.items():
            with self.subTest(system=system):
                self.assertEqual([], [text for text in behaviors if text not in parts.get(system, "")])
                for row in parts[system].splitlines():
                    self.assertEqual(row.count(" |"), 3, row)

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
