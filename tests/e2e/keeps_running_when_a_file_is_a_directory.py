"""A file is a directory, too large or not a regular file: each command reports it in one line and ends with
an exit code. The daemon keeps running with its previous files. Output that cannot be written is an error
too."""

import os
import signal
import subprocess

import harness
from harness import check, wait_for


def scenario(stage):
    folder = stage.folder_for("no-file")
    large = folder / "large.yml"
    large.write_bytes(b"#" * (4 << 20))
    good = folder / "good.yml"
    whatsapp = stage.whatsapp()
    good.write_text("targets:\n" + stage.plain_target(whatsapp))
    matched = folder / "matched.yml"
    matched.write_text("targets:\n" + stage.plain_target(whatsapp, match_file=str(folder)))
    salted = folder / "salted.yml"
    salted.write_text("targets:\n" + stage.plain_target(
        whatsapp, anonymize=f"{{ labels: [user], salt_file: {folder} }}"))
    page = folder / "page"
    page.write_text("a 1\n")

    def run(*arguments, code, says, **options):
        done = subprocess.run([stage.build / "postern", *map(str, arguments)], text=True, timeout=20,
                              **{"stdin": subprocess.DEVNULL, "capture_output": True, **options})
        said = (done.stdout or "") + done.stderr
        check(done.returncode == code, f"{arguments} ends with {code}: {done.returncode} {said}")
        check(says in said and "terminate" not in said, f"{arguments} says {says!r}: {said}")

    is_folder = "cannot be read: Is a directory"
    no_file = f"cannot be read, {folder}: Is a directory"
    image = "--inject.image=registry.example/postern:1"
    for arguments, code, says in (
            ((f"--config.file={folder}",), 2, is_folder),
            ((f"--config.file={large}",), 2, "is larger than 1 MiB"),
            (("--config.file=/dev/zero",), 2, "cannot be read: not a regular file"),
            ((f"--config.file={good}", f"--web.config.file={folder}"), 2, is_folder),
            ((f"--config.file={matched}",), 2, no_file),
            ((f"--config.file={salted}",), 2, no_file),
            (("check", f"--config.file={folder}"), 1, is_folder),
            (("rules", folder, f"--config.file={good}"), 1, is_folder),
            (("rules", page, f"--config.file={folder}"), 2, is_folder),
            (("inject", f"--pod={folder}", image), 1, is_folder),
            (("inject", f"--pod={large}", image), 1, "cannot be read: larger than 3 MiB")):
        run(*arguments, code=code, says=says)
    standard_input = os.open(folder, os.O_RDONLY)
    for arguments in (("rules", "-", f"--config.file={good}"), ("inject", "--pod=-", image)):
        run(*arguments, code=1, says=is_folder, stdin=standard_input)
    os.close(standard_input)

    for arguments in (("--help",), ("--version",), ("rules", page, f"--config.file={good}"),
                      ("check", f"--config.file={good}", "--json")):
        with open("/dev/full", "w") as full:
            run(*arguments, code=1, says="standard output: cannot be written: ",
                capture_output=False, stdout=full, stderr=subprocess.PIPE)

    state = stage.folder_for("state")
    (state / "plain.json").mkdir()
    config = stage.folder_for("reloaded") / "postern.yml"
    config.write_text(good.read_text())
    postern = stage.postern(f"--config.file={config}", f"--state.dir={state}", "--web.enable-lifecycle",
                            "--config.enable-auto-reload", "--config.auto-reload-interval=1s")
    check(postern.scrape("plain").status == 200, "a scrape without a state file")
    check("state file cannot be read" in postern.process.output(), "the log names the state file")
    config.unlink()
    config.mkdir()
    postern.process.send(signal.SIGHUP)
    wait_for(lambda: postern.own_metrics().value("postern_config_last_reload_successful") == 0,
             "the reload fails")
    answer = postern.get("/-/reload", method="POST")
    check(answer.status == 500 and is_folder in answer.body, f"it says why: {answer.body}")
    check(postern.scrape("plain").status == 200, "the running configuration stays")
    config.rmdir()
    config.write_text(good.read_text())
    wait_for(lambda: postern.own_metrics().value("postern_config_last_reload_successful") == 1,
             "the restored file is noticed")


harness.run(scenario)
