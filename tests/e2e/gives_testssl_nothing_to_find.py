"""testssl.sh finds nothing of medium severity or worse on the listener, except for the test's own CA: it is
untrusted and has no revocation."""

import json
import ssl
import subprocess

import harness
from harness import check

_OF_THE_CERTIFICATE = {
    "cert_chain_of_trust",  # no browser trusts the CA
    "cert_revocation",  # neither a list nor OCSP
    "cert_crlDistributionPoints", "cert_ocspURL", "cert_mustStapleExtension", "OCSP_stapling",
    "DNS_CAArecord", "certificate_transparency",
    "cert_trust",  # for an address, not a name
    "overall_grade", "grade_cap_reason_1", "grade_cap_reason_2", "grade_cap_reason_3",
}
_FINE = {"OK", "INFO", "LOW", "DEBUG", "WARN"}


def scenario(stage):
    whatsapp = stage.whatsapp()
    pair = stage.authority.issue("localhost", "127.0.0.1", days=90)
    web = stage.folder_for("web") / "web.yml"
    web.write_text(f"tls_server_config: {{ cert_file: {pair.certificate}, key_file: {pair.key} }}\n")
    postern = stage.postern(f"--web.config.file={web}",
                            config="targets:\n" + stage.plain_target(whatsapp),
                            tls=ssl.create_default_context(cafile=stage.authority.certificate))
    report = stage.folder / "report.json"
    done = subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "min", "--ip", "one",
         "--add-ca", stage.authority.certificate, "--jsonfile", report,
         f"https://localhost:{postern.port}/"], capture_output=True, text=True, timeout=580)
    findings = json.loads(report.read_text())
    check(len(findings) > 80, f"testssl checked everything: {len(findings)}, {done.stdout[-2000:]}")
    bad = [f"{found['id']}: {found['severity']}: {found['finding']}" for found in findings
           if found["severity"] not in _FINE and found["id"].split(" ")[0] not in _OF_THE_CERTIFICATE]
    check(not bad, "no finding but these: " + "; ".join(bad))
    warned = [found for found in findings if found["severity"] == "WARN"]
    check(len(warned) <= 4, f"testssl could run all checks: {warned}")


harness.run(scenario)
