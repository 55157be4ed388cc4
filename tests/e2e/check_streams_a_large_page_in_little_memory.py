"""`postern check` of a page of 20 MB, alone and through a daemon. The check reads the whole page with the
memory of a daemon, so that both fit into a container of 64 MiB."""

import pathlib
import re
import subprocess
import sys

import harness
from harness import check

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "bench"))
import pages  # noqa: E402

MEGABYTE = 1_000_000
LIMIT = 24 << 20  # resident memory of a check, including shared libraries
TOGETHER = 48 << 20


def status_of(pid, name):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def peak_of(arguments):
    """The output of the command and its peak memory."""
    running = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    peak = 0
    while running.poll() is None:
        peak = max(peak, status_of(running.pid, "VmHWM"))
    return running.stdout.read(), peak


def scenario(stage):
    root = stage.folder_for("www")
    text = pages.cluster_page(20 * MEGABYTE)
    (root / "metrics").write_text(text)
    samples = sum(1 for line in text.splitlines() if not line.startswith("#"))
    pair = stage.authority.issue("metrics.internal")
    nginx = stage.nginx(f"""
      ssl_certificate {pair.certificate}; ssl_certificate_key {pair.key};
      ssl_client_certificate {stage.authority.certificate}; ssl_verify_client on;
      default_type text/plain; location / {{ root {root}; }}""")
    tls = stage.tls_folder()
    flags = [f"--target.url={nginx.url}", "--target.server-name=metrics.internal", f"--tls.dir={tls}"]
    program = stage.build / "postern"

    nobody = f"--web.listen-address=127.0.0.1:{harness.free_port()}"
    output, alone = peak_of([program, "check", nobody, *flags])
    check(f"/metrics: 200, text, {samples} samples, {len(text)} bytes" in output, output)
    check(f"HTTP/1.1 200 OK, {len(text)} bytes, {samples} series" in output, output)

    postern = stage.postern(*flags)
    output, beside = peak_of([program, "check", f"--web.listen-address=127.0.0.1:{postern.port}", *flags])
    check(f"HTTP/1.1 200 OK, {len(text)} bytes, {samples} series" in output, output)
    daemon = status_of(postern.process.pid, "VmHWM")
    print(f"{len(text) / MEGABYTE:.0f} MB page: check alone {alone / MEGABYTE:.1f} MB, beside a daemon "
          f"{beside / MEGABYTE:.1f} MB and the daemon {daemon / MEGABYTE:.1f} MB, resident at most")
    check(alone <= LIMIT and beside <= LIMIT, "the page is not kept in memory")
    check(beside + daemon <= TOGETHER, "both fit together")


harness.run(scenario)
