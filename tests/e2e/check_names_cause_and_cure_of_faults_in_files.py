"""`postern check` names cause and remedy of mistakes in configuration, files, permissions and postern's
certificates. Dependent steps are not tried, and no login is sent. `--config.check` reports the same errors as
a daemon that loads such a configuration."""

import os
import shutil
import subprocess

import harness
from harness import check
from harness.certificates import Authority

NOBODY = 65534


class Bench:
    """A sidecar's mounts, fresh for each fault."""

    def __init__(self, stage):
        self.stage = stage
        self.whatsapp = stage.whatsapp()
        self.unused = f"--web.listen-address=127.0.0.1:{harness.free_port()}"
        stage.folder.chmod(0o755)

    def mounts(self):
        tls, credentials = self.stage.tls_folder(), self.stage.credentials_folder()
        for file in (tls / "tls.key", credentials / "username", credentials / "password"):
            file.chmod(0o640)
        return tls, credentials

    def examine(self, tls, credentials, *flags, **options):
        return self.stage.examine("--json", self.unused, *self.stage.sidecar_flags(
            self.whatsapp, tls=tls, credentials=credentials), *flags, **options)

    def examine_file(self, text, *flags):
        file = self.stage.folder_for("config") / "postern.yml"
        file.write_text(text)
        return file, self.stage.examine("--json", self.unused, f"--config.file={file}", *flags)


def unknown_key(bench):
    file, examination = bench.examine_file(
        "targets:\n  - name: a\n    url: https://localhost\n    scrape_timout: 5s\n")
    examination.expect("config", f"{file}:4:5: targets[0].scrape_timout", "scrape_timeout")


def wrong_value(bench):
    _, examination = bench.examine_file("targets:\n  - url: http://localhost\n    preset: whatsap\n")
    examination.expect("config", "does not begin with https://", "a URL like https://localhost:443")
    check(len(examination.failures()) >= 2, f"every mistake at once: {examination.output}")


def no_such_configuration(bench):
    examination = bench.stage.examine("--json", bench.unused, "--config.file=/nowhere/postern.yml")
    examination.expect("config", "/nowhere/postern.yml: cannot be read: No such file",
                       "a YAML file that this user may read")


def misspelt_variable(bench):
    tls, credentials = bench.mounts()
    examination = bench.examine(tls, credentials, "--no-login",
                                environment={"POSTERN_TARGET_URI": "https://x"})
    examination.expect("config", "POSTERN_TARGET_URI is not a variable of postern",
                       "correct the variable's name", state="warning")


def key_is_missing(bench):
    tls, credentials = bench.mounts()
    (tls / "tls.key").unlink()
    examination = bench.examine(tls, credentials)
    examination.expect("certificates", "exists without its key", f"add {tls}/tls.key")
    examination.expect_not_tried("tls", "client", "login", "page", "rules", "scraper")
    check(examination.of("port")[0]["state"] == "ok", "the port needs no key")


def named_key_is_missing(bench):
    tls, credentials = bench.mounts()
    (tls / "tls.key").unlink()
    _, examination = bench.examine_file(
        f"targets:\n  - url: {bench.whatsapp.url}\n    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: "
        f"{tls}/tls.crt, key_file: {tls}/tls.key, server_name: whatsapp-web }}\n")
    examination.expect("file", f"the folder {tls} (mount ", f"mount a volume that holds tls.key at {tls}")
    examination.expect("file", "exists and contains ca.crt, tls.crt", "or correct the file name")


def nothing_is_mounted(bench):
    tls, credentials = bench.mounts()
    shutil.rmtree(credentials)
    examination = bench.examine(tls, credentials)
    examination.expect("file", f"the folder {credentials} does not exist, only {credentials.parent}",
                       f"mount a volume that holds username at {credentials}")
    examination.expect("credential", f"the directory {credentials} does not exist",
                       "mount the secret there")
    examination.expect_not_tried("login", "page")


def key_may_not_be_read(bench):
    tls, credentials = bench.mounts()
    (tls / "tls.key").chmod(0)
    examination = bench.examine(tls, credentials, user=bench.user())
    examination.expect("file", f"{tls}/tls.key (client key) may not be read by user {bench.who()}: mode 0000",
                       "defaultMode 0440 with the pod's fsGroup")
    examination.expect("certificates", "permission denied", "let the user that postern runs as read it")


def password_may_not_be_read(bench):
    tls, credentials = bench.mounts()
    (credentials / "password").chmod(0)
    for file in (tls / "tls.key", credentials / "username"):
        file.chmod(0o644)
    examination = bench.examine(tls, credentials, user=bench.user())
    examination.expect("file", "password (credential) may not be read", "chown or chmod")
    examination.expect("credential", "password cannot be read (Permission denied)",
                       f"let user id {bench.who()} read it")
    examination.expect_not_tried("login", "page")


def folder_may_not_be_entered(bench):
    tls, credentials = bench.mounts()
    tls.chmod(0)
    examination = bench.examine(tls, credentials, user=bench.user())
    tls.chmod(0o755)
    examination.expect("file", f"is not accessible to user {bench.who()}: Permission denied",
                       "the permission x on the folders above the file")


def everybody_may_read_the_key(bench):
    tls, credentials = bench.mounts()
    (tls / "tls.key").chmod(0o644)
    examination = bench.examine(tls, credentials, "--no-login")
    examination.expect("file", "(client key): mode 0644, every user may read it", "chmod o-r",
                       state="warning")
    check(examination.code == 0, "a warning is not a failure")


def key_of_another_certificate(bench):
    tls, credentials = bench.mounts()
    shutil.copy(bench.stage.authority.issue("postern").key, tls / "tls.key")
    examination = bench.examine(tls, credentials)
    examination.expect("certificates", "the key does not match the certificate 'postern'",
                       "mount the two of one pair")


def client_certificate_has_expired(bench):
    tls = bench.stage.tls_folder(pair=bench.stage.authority.issue("postern", days=-1))
    examination = bench.examine(tls, bench.stage.credentials_folder())
    examination.expect("certificates", "client certificate 'postern' expired at", "renew it")


def client_certificate_expires_soon(bench):
    tls = bench.stage.tls_folder(pair=bench.stage.authority.issue("postern", days=30, days_ago=28))
    examination = bench.examine(tls, bench.stage.credentials_folder(), "--no-login")
    examination.expect("certificates", "1 day left", f"renew {tls}/tls.crt", state="warning")


def certificate_is_der(bench):
    tls, credentials = bench.mounts()
    subprocess.run(["openssl", "x509", "-in", bench.stage.authority.certificate, "-outform", "DER",
                    "-out", tls / "ca.crt"], check=True)
    examination = bench.examine(tls, credentials)
    examination.expect("certificates", f"{tls}/ca.crt: is a certificate as DER", "convert it")


def chain_is_in_the_wrong_order(bench):
    tls, credentials = bench.mounts()
    (tls / "tls.crt").write_bytes((tls / "ca.crt").read_bytes() + (tls / "tls.crt").read_bytes())
    examination = bench.examine(tls, credentials, "--no-login")
    examination.expect("certificates", "certificate 1 in it ('Scenario CA') is a root, which is not sent",
                       "correct the file", state="warning")
    check(examination.code == 0, "a chain that can be sorted is not a failure")


def password_is_empty(bench):
    tls, credentials = bench.mounts()
    (credentials / "password").write_text("\n")
    examination = bench.examine(tls, credentials)
    examination.expect("credential", f"{credentials}/password is missing or empty",
                       "mount a secret with username and password")
    examination.expect_not_tried("login", "page")


def server_certificate_is_of_another_authority(bench):
    tls, credentials = bench.mounts()
    other = Authority(bench.stage.folder_for("other") / "ca", "Forgotten CA")
    shutil.copy(other.certificate, tls / "ca.crt")
    examination = bench.examine(tls, credentials)
    examination.expect("tls", "certificate is signed by 'Scenario CA'", f"put it into {tls}/ca.crt")
    examination.expect_not_tried("client", "login", "page", "rules", "scraper")


def state_is_not_writable(bench):
    tls, credentials = bench.mounts()
    examination = bench.examine(tls, credentials, "--no-login", "--state.dir=/nowhere")
    examination.expect("state", "/nowhere (--state.dir) is not a folder", "mount an emptyDir there",
                       state="warning")


FAULTS = [unknown_key, wrong_value, no_such_configuration, misspelt_variable, key_is_missing,
          named_key_is_missing, nothing_is_mounted, key_may_not_be_read, password_may_not_be_read,
          folder_may_not_be_entered, everybody_may_read_the_key, key_of_another_certificate,
          client_certificate_has_expired, client_certificate_expires_soon, certificate_is_der,
          chain_is_in_the_wrong_order, password_is_empty,
          server_certificate_is_of_another_authority, state_is_not_writable]


def scenario(stage):
    bench = Bench(stage)
    root = os.geteuid() == 0
    # Root may read everything.
    bench.user = lambda: NOBODY if root else None
    bench.who = lambda: NOBODY if root else os.geteuid()
    for fault in FAULTS:
        fault(bench)
        print(f"{fault.__name__.replace('_', ' ')}: cause and remedy are named")
    check(bench.whatsapp.counters()["logins"] == 0, "no login was sent for any of them")

    tls, credentials = bench.mounts()
    shutil.copy(stage.authority.issue("postern").key, tls / "tls.key")
    flags = stage.sidecar_flags(bench.whatsapp, tls=tls, credentials=credentials)
    alone = subprocess.run([stage.build / "postern", "--config.check", *flags], capture_output=True,
                           text=True)
    check(alone.returncode == 1 and "mount the two of one pair" in alone.stdout, alone.stdout)
    check("config        flags and environment: valid, 1 target" in alone.stdout, alone.stdout)


harness.run(scenario)
