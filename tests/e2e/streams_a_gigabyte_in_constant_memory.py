"""A page of one gigabyte, with `body_size_limit: 0`, added labels and ten rules, arrives completely, while
postern's anonymous memory stays below 16 MB and nothing is written to disk."""

import http.client
import pathlib
import re
import sys
import threading

import harness
from harness import check

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "bench"))
import pages  # noqa: E402

MEGABYTE = 1_000_000
COPIES = 50  # of the samples of a page of 20 MB
LIMIT = 16 * MEGABYTE
MARK = b',tier="one"'  # of a sample after all rules
TOKEN = "b3arer-t0ken-of-the-gigabyte"
KEYS = """    body_size_limit: 0
    scrape_timeout: 2m
    labels: { cluster: eu-1, region: north }
    metric_relabel_configs:
      - { source_labels: [__name__], regex: "kube_.*|container_.*", action: keep }
      - { source_labels: [__name__], regex: "go_.*|process_.*", action: drop }
      - { source_labels: [namespace], regex: "team-(.*)", target_label: team }
      - { regex: "uid", action: labeldrop }
      - { regex: "(node)", action: labelmap, replacement: "host_$1" }
      - { source_labels: [namespace, container], separator: "/", target_label: workload }
      - { source_labels: [pod], modulus: 8, target_label: shard, action: hashmod }
      - { source_labels: [container], target_label: container, action: lowercase }
      - { source_labels: [namespace], regex: "kube-system", action: drop }
      - { target_label: tier, replacement: "one" }
"""


def write_page(file):
    """Returns the number of its samples."""
    page = pages.cluster_page(20 * MEGABYTE)
    samples = "".join(line for line in page.splitlines(keepends=True) if not line.startswith("#"))
    with file.open("w") as out:
        out.write(page)
        for _ in range(COPIES - 1):
            out.write(samples)
    return samples.count("\n") * COPIES


def scrape(port):
    """The numbers of samples and bytes of the answer; fails unless it is complete."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    check(answer.status == 200, f"{answer.status} {answer.reason}")
    total = samples = 0
    rest = b""
    while block := answer.read(1 << 20):
        total += len(block)
        block = rest + block
        samples += block.count(MARK)
        rest = block[-(len(MARK) - 1):]
    return samples, total


def status_of(pid, name):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


def bytes_written(pid):
    """Bytes written to files; sockets are not counted."""
    counters = pathlib.Path(f"/proc/{pid}/io").read_text()
    return int(re.search(r"^write_bytes: (\d+)$", counters, re.MULTILINE)[1])


def scenario(stage):
    root = stage.folder_for("www")
    samples = write_page(root / "metrics")
    size = (root / "metrics").stat().st_size
    check(size > 950 * MEGABYTE, f"the page is large: {size}")
    pair = stage.authority.issue("metrics.internal")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      if ($http_authorization != "Bearer {TOKEN}") {{ return 401; }}
      default_type text/plain; location / {{ root {root}; }}""")
    tls = stage.tls_folder()
    stage.secret("token", TOKEN)
    postern = stage.postern(config=f"""targets:
  - name: large
    url: {nginx.url}
    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key,
                  server_name: metrics.internal }}
    authorization: {{ credentials: {TOKEN} }}
    pages: [{{ path: /metrics }}]
{KEYS}""")
    written = bytes_written(postern.process.pid)
    largest = status_of(postern.process.pid, "RssAnon")
    passed = threading.Event()

    def sample():
        nonlocal largest
        while not passed.wait(0.002):
            largest = max(largest, status_of(postern.process.pid, "RssAnon"))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        got, sent = scrape(postern.port)
    finally:
        passed.set()
        sampler.join()
    check(got == samples, f"every sample arrived, with every rule applied: {got} of {samples}")
    check(largest <= LIMIT, f"anonymous memory stays below 16 MB: {largest}")
    spooled = bytes_written(postern.process.pid) - written
    check(spooled <= 64 << 10, f"only a line of the log is written to disk: {spooled}")
    print(f"{size / MEGABYTE:.0f} MB in, {sent / MEGABYTE:.0f} MB out, {samples} samples, "
          f"RssAnon at most {largest / MEGABYTE:.1f} MB")
    skipped = postern.own_metrics().value("postern_checks_skipped_total", target="large")
    check(skipped == 1, "the search for duplicates gave up, and says so")


harness.run(scenario)
