"""`promtool check web-config` (except for newer keys) and `postern --config.check` accept each valid web
configuration of tests/data. postern refuses each broken one, with exit code 2 and without a secret."""

import pathlib
import shutil
import subprocess

import harness
from harness import check
from harness.certificates import Authority

DATA = pathlib.Path(__file__).parents[1] / "data" / "web_config"


def _postern(stage, file: pathlib.Path, *flags: str):
    return subprocess.run(
        [stage.build / "postern", "--config.check", "--target.url=https://localhost",
         f"--web.config.file={file}", *flags], capture_output=True, text=True)


def scenario(stage):
    place = stage.folder_for("web")
    authority = Authority(place / "authority")
    pair = authority.issue("localhost")
    shutil.copy(pair.certificate, place / "server.crt")
    shutil.copy(pair.key, place / "server.key")
    (place / "tls").mkdir()
    shutil.copy(authority.certificate, place / "tls" / "ca.crt")
    authority.publish_crl(place / "tls" / "crl.pem")
    for data in DATA.glob("*.yml"):
        shutil.copy(data, place / data.name)

    good = sorted(place.glob("*.good.yml"))
    check(len(good) > 10, f"valid files exist: {len(good)}")
    for file in good:
        ours = _postern(stage, file)
        check(ours.returncode == 0, f"postern accepts {file.name}: {ours.stdout}{ours.stderr}")
        if ".newer." not in file.name:
            theirs = subprocess.run(["promtool", "check", "web-config", file],
                                    capture_output=True, text=True)
            check(theirs.returncode == 0, f"promtool accepts {file.name}: {theirs.stderr}")
    for file in sorted(place.glob("*.bad.yml")):
        ours = _postern(stage, file)
        check(ours.returncode == 2, f"postern refuses {file.name}: {ours.returncode}")
        check("hunter2" not in ours.stdout + ours.stderr, f"no secret of {file.name} is printed")

    (place / "server.key").write_text(authority.issue("other").key.read_text())
    ours = _postern(stage, place / "minimal.good.yml")
    check(ours.returncode == 1 and "does not match" in ours.stdout,
          f"the key of another pair is an error: {ours.returncode} {ours.stdout}")
    subprocess.run(["openssl", "pkey", "-in", pair.key, "-aes256", "-passout", "pass:hunter2",
                    "-out", place / "server.key"], check=True)
    (place / "password").write_text("hunter2\n")
    ours = _postern(stage, place / "minimal.good.yml", f"--web.key-password-file={place}/password")
    check(ours.returncode == 0, f"an encrypted key is opened: {ours.stdout}")


harness.run(scenario)
