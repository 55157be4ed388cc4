"""The documents match the program: each flag, key, annotation, fault, metric, command and path is in the
document of its reader, and every documented name exists. Every link and anchor has a target."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/image"))

import readme_manifest  # noqa: E402

DAEMON = ROOT / "daemon"
README = ROOT / "README.md"
HELM = ROOT / "helm/README.md"
CONFIG = DAEMON / "config/README.md"
MIGRATION = DAEMON / "config/MIGRATION.md"
SESSION = DAEMON / "session/README.md"
CREDENTIALS = DAEMON / "credentials/README.md"
EXPOSITION = DAEMON / "exposition/README.md"
PRESETS = DAEMON / "presets/README.md"
WEB = DAEMON / "web/README.md"
CHECK = DAEMON / "check/README.md"
# The documents for users, and all documents. README.md files of tests/data describe the origin of foreign
# files.
GUIDES = [README, HELM, ROOT / "helm/files/runbooks.md", ROOT / "certs/README.md", ROOT / "SECURITY.md", MIGRATION,
          *sorted(DAEMON.glob("*/README.md"))]
DOCUMENTS = [*GUIDES, DAEMON / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "tests/README.md",
             ROOT / "tests/bench/README.md"]
MOST_BYTES_OF_README = 8 * 1024
# The features of each system that postern replaces, in the words of MIGRATION.md.
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
        "`--log_metric_diff`", "SIGTERM", "postern presents a client certificate"],
    "Ultronex": [
        "`/heartbeat`, `/stats`, `/external`", "Basic auth", "`POST /ultronex/slack`", "a 404 page",
        "`HTTP_SCHEME`", "survive a restart", "redirect to HTTPS", "health check", "statistics page",
        "its exporter on a port of its own", "WebSocket"],
}
FLAGS_OF_OTHERS = {"--once", "--mysql",  # scripts/demo.sh
                   "--list", "--all", "--dry-run", "--build", "--rounds", "--peer", "--write", "--dynamic-list",
                   "--benchmark_filter", "--gtest_filter", "--quiet", "--set-file", "--build-arg",
                   "--metric-labels-allowlist"}  # kube-state-metrics
OTHER_METRICS = {"whatsapp_json", "whatsapp_health", "whatsapp_config",  # formats and a table
                 "postern_folder"}  # a function of daemon/CMakeLists.txt


def text(path):
    return path.read_text()


def section(path, title):
    """The text below this title, including its subsections."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text(path), re.M | re.S)
    assert found, f"{path.relative_to(ROOT)} has no section {title!r}"
    below = text(path)[found.start(2):]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", below, re.M)
    return below[:end.start()] if end else below


def without_code(markdown):
    return re.sub(r"^```.*?^```$", "", markdown, flags=re.M | re.S)


def first_cells(markdown):
    """The names in backticks in the first cell of each row."""
    rows = re.findall(r"^\| ((?:[^|\\]|\\.)*)\|", markdown, re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def anchors(path):
    """The anchors of the headings, as on GitHub."""
    found = set()
    for title in re.findall(r"^#+ (.*)$", without_code(text(path)), re.M):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        while slug in found:
            slug += "-1"
        found.add(slug)
    return found


def metrics():
    found = set()
    for source in DAEMON.rglob("*.cpp"):
        found |= set(re.findall(r'"((?:postern|process|whatsapp)_[a-z_]+)["{]', text(source)))
    return {name for name in found if name != "postern_options"}


def keys_of(pattern):
    """The keys that the readers in these sources accept."""
    readers = r"""(?:\.(?:find|need|text|secret|path|size|number|duration|boolean|checked|choice(?:<\w+>)?|has)\(
                  |\w+\(map,)\s*"([a-z0-9_]+)\""""
    return {key for source in (DAEMON / "config").glob(pattern)
            for key in re.findall(readers, text(source), re.X)}


class DaemonReadmeTest(unittest.TestCase):
    def test_lists_every_mutex(self):
        have = {str(path.relative_to(DAEMON)) for path in DAEMON.rglob("*.[hc]*")
                if re.search(r"\b(std::(shared_)?mutex|Mutex) \w+;", text(path))}
        have.remove("base/mutex.h")  # which turns a std::mutex into a Mutex
        table = text(DAEMON / "README.md").split("## Mutexes")[1].split("\n## ")[0]
        listed = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
        self.assertEqual(sorted(have), sorted(listed))

    def test_lists_every_folder(self):
        have = {path.name for path in DAEMON.iterdir() if path.is_dir()}
        self.assertEqual(sorted(have), sorted(first_cells(section(DAEMON / "README.md", "Folders"))))

    def test_has_a_glossary_in_order_whose_files_exist(self):
        rows = re.findall(r"^\| (.+?) \| .+ \| (.*) \|$", section(DAEMON / "README.md", "Glossary"), re.M)[1:]
        words = [word for word, _ in rows if set(word) != {"-"}]
        self.assertGreaterEqual(len(words), 40)
        self.assertEqual(sorted(words), words)
        named = [name for _, where in rows for name in re.findall(r"`([^`]+)`", where)]
        self.assertEqual([], [name for name in named if not (DAEMON / name).exists()])


class ReferenceTest(unittest.TestCase):
    def test_config_names_every_flag_and_no_document_another(self):
        # `postern --help` prints this table: CommandLineTest.HelpNamesEveryFlagAndItsVariable.
        table = text(DAEMON / "config/flags.cpp")
        flags = {"--" + name for name in re.findall(r'^    \{"([a-z0-9.-]+)",', table, re.M)}
        self.assertGreater(len(flags), 50)
        self.assertEqual(sorted(flags), sorted(first_cells(section(CONFIG, "Flags"))))
        for path in DOCUMENTS:
            ours = text(path)
            if path == MIGRATION:
                ours = re.sub(r"(?m)^\| [^|]*", "", ours)  # without the flags of other programs
            named = set(re.findall(r"`(--[a-z0-9._-]+[a-z0-9])", ours))
            with self.subTest(path=str(path.relative_to(ROOT))):
                self.assertEqual([], sorted(named - flags - FLAGS_OF_OTHERS))

    def test_each_key_of_the_configuration_is_in_its_reference(self):
        references = "".join(text(path) for path in (CONFIG, SESSION, CREDENTIALS))
        keys = keys_of("[!w]*_reader.cpp") - {"targets"}
        self.assertGreater(len(keys), 80)
        self.assertEqual([], sorted(key for key in keys if not re.search(rf"\b{key}\b", references)))
        web = keys_of("web_*.cpp")
        self.assertGreater(len(web), 15)
        reference = section(WEB, "Access control")
        self.assertEqual([], sorted(key for key in web if not re.search(rf"\b{key}\b", reference)))

    def test_config_has_a_row_for_each_key_of_a_target(self):
        rows = first_cells(section(CONFIG, "Keys of a target"))
        keys = keys_of("targets_reader.cpp") | keys_of("reshape_reader.cpp")
        rules = {"source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action", "salt_file"}
        self.assertEqual([], sorted(keys - rules - rows - {"targets", "login"}))

    def test_helm_names_every_annotation(self):
        sources = text(DAEMON / "kube/annotations.cpp")
        annotations = set(re.findall(r'^    \{"([a-z-]+)", k(?:Secret|ConfigMap|Variable|Field),', sources, re.M))
        self.assertGreater(len(annotations), 30)
        self.assertEqual(sorted(annotations), sorted(first_cells(section(HELM, "Annotations").split("Volumes:")[0])
                                                     - first_cells(section(HELM, "Resources of the sidecar"))))

    def test_serve_names_every_fault(self):
        faults = re.findall(r'\{Fault::\w+, "(\w+)"', text(DAEMON / "base/fault.h"))
        self.assertEqual(len(faults), 19)
        self.assertEqual(sorted(faults), sorted(first_cells(section(WEB, "Faults"))))

    def test_serve_names_every_metric_and_no_document_another(self):
        known = metrics()
        self.assertGreater(len(known), 30)
        pattern = r"(?<![\w:])((?:postern|process|whatsapp)_[a-z_]+)"
        table = set(re.findall(pattern, section(WEB, "Metrics of postern itself")))
        table |= set(re.findall(pattern, section(PRESETS, "The WhatsApp preset")))
        self.assertEqual([], sorted(known - table - OTHER_METRICS))
        for path in GUIDES:
            named = {name.removesuffix("_bucket") for name in re.findall(pattern, text(path))}
            with self.subTest(path=str(path.relative_to(ROOT))):
                self.assertEqual([], sorted(named - known - OTHER_METRICS))

    def test_serve_names_every_path(self):
        service = text(DAEMON / "web/service.cpp")
        paths = set(re.findall(r'"(/[a-z][a-z0-9/_-]*|/-/[a-z]+)"', service))
        self.assertGreater(len(paths), 12)
        named = section(WEB, "Endpoints")
        self.assertEqual([], sorted(path for path in paths if path.rstrip("/") not in named))

    def test_every_command_has_its_document(self):
        usage = text(DAEMON / "config/command_line.cpp")
        commands = set(re.findall(r'"       postern ([a-z]+) ', usage))
        self.assertEqual({"check", "inject", "rules"}, commands)
        homes = {"check": CHECK, "inject": HELM, "rules": EXPOSITION}
        for command, path in homes.items():
            self.assertIn(f"postern {command}", text(path))

    def test_says_what_became_of_each_behavior_of_another_system(self):
        for system, behaviors in OTHER_SYSTEMS.items():
            with self.subTest(system=system):
                rows = section(MIGRATION, system)
                self.assertEqual([], [behavior for behavior in behaviors if behavior not in rows])
                for row in re.findall(r"^\|.*$", rows, re.M):
                    self.assertEqual(row.count(" |"), 3, row)

    def test_texts_of_the_program_name_documents_that_exist(self):
        for source in DAEMON.rglob("*.cpp"):
            for name in re.findall(r"\b((?:[a-z]+/)*(?:README|MIGRATION)\.md)\b", text(source)):
                self.assertTrue((ROOT / name).exists(), f"{source.relative_to(ROOT)} names {name}")
            self.assertNotRegex(text(source), r'"[^"\n]*\bthe README\b', source)


class DocumentsTest(unittest.TestCase):
    def test_the_readme_is_short(self):
        self.assertLessEqual(len(README.read_bytes()), MOST_BYTES_OF_README)

    def test_every_document_can_be_reached_from_the_readme(self):
        reached, todo = set(), [README]
        while todo:
            path = todo.pop()
            if path in reached:
                continue
            reached.add(path)
            links = re.findall(r"\]\(([^)\s#]+\.md)", without_code(text(path)))
            todo += [(path.parent / link).resolve() for link in links if "://" not in link]
        self.assertEqual([], [str(path.relative_to(ROOT)) for path in DOCUMENTS
                              if path not in reached and path.name != "CHANGELOG.md"])

    def test_every_link_leads_somewhere(self):
        for path in DOCUMENTS:
            for link in re.findall(r"\]\(([^)\s]+)\)", without_code(text(path))):
                if "://" in link:
                    continue
                name, _, anchor = link.partition("#")
                target = (path.parent / name).resolve() if name else path
                with self.subTest(path=str(path.relative_to(ROOT)), link=link):
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))

    def test_every_path_that_is_named_exists(self):
        pattern = r"`((?:daemon|tests|scripts|helm|certs)/[\w./-]+\w)`"
        for path in DOCUMENTS:
            named = re.findall(pattern, without_code(text(path)))
            with self.subTest(path=str(path.relative_to(ROOT))):
                self.assertEqual([], [name for name in named if path.name != "CHANGELOG.md"
                                      and "FOLDER" not in name and not (ROOT / name).exists()])

    def test_the_rows_of_a_table_have_the_same_number_of_cells(self):
        for path in DOCUMENTS:
            width = 0
            for number, line in enumerate(text(path).splitlines(), 1):
                cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
                if cells and width and cells != width:
                    self.fail(f"{path.relative_to(ROOT)}:{number}: {cells - 1} cells, expected {width - 1}")
                width = cells

    def test_name_one_image_and_it_has_this_version(self):
        version = re.search(r"^project\(postern VERSION (\S+)", text(ROOT / "CMakeLists.txt"), re.M)[1]
        image = f"{readme_manifest.REGISTRY}/postern:{version}"
        named = {name for path in (README, HELM)
                 for name in re.findall(rf"{readme_manifest.REGISTRY}/postern:\S+", text(path))}
        self.assertEqual({image}, named)
        self.assertTrue(readme_manifest.podman_line().endswith(image))
        sidecar = readme_manifest.manifest()["spec"]["containers"][1]
        self.assertEqual((sidecar["name"], sidecar["image"]), ("postern", image))

    def test_make_the_secrets_that_the_manifest_mounts(self):
        volumes = readme_manifest.manifest()["spec"]["volumes"]
        mounted = [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
        self.assertEqual(mounted, list(readme_manifest.secrets()))


if __name__ == "__main__":
    unittest.main()
