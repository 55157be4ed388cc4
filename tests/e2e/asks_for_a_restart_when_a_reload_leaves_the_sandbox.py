"""In the sandbox a reload whose configuration names a file in another folder is refused and says "restart",
whether the reload itself or later code reads the file. The running configuration stays. A configuration
within the folders admitted at start is loaded, and so is a renewed file."""

import shutil

import harness
from harness import check


def scenario(stage):
    whatsapp = stage.whatsapp()
    first = stage.plain_target(whatsapp)
    file = stage.folder_for("reloaded") / "postern.yml"
    file.write_text("targets:\n" + first)
    postern = stage.postern(f"--config.file={file}", "--web.enable-lifecycle", "--sandbox=auto")
    check(postern.scrape("plain").status == 200, "a successful scrape")
    log = postern.process.output()
    admits_all = "the kernel does not offer Landlock" in log
    print("the part about files", "did not run: no Landlock" if admits_all else "runs")

    def reload(text):
        file.write_text("targets:\n" + text)
        return postern.get("/-/reload", method="POST")

    elsewhere = stage.plain_target(whatsapp, name="elsewhere")
    answer = reload(first + elsewhere)
    if admits_all:
        check(answer.status == 200, "nothing is outside")
        return
    check(answer.status == 500, f"it is refused: {answer.status}")
    new_folder = next(stage.folder.glob("tls-1"))
    for name in ("ca.crt", "tls.crt", "tls.key"):
        check(f"{new_folder}/{name}: is outside the folders that the sandbox admitted at start, "
              "restart postern" in answer.body, f"it says which: {answer.body}")
    check("tls-1" in postern.process.output(), "and in the log")
    check(postern.own_metrics().value("postern_config_last_reload_successful") == 0, "it shows")
    check(postern.scrape("plain").status == 200, "the running configuration stays")

    selectors = stage.folder_for("selectors") / "match.txt"
    selectors.write_text("up\n")
    answer = reload(first + f"    match_file: {selectors}\n")
    check(answer.status == 500 and f"{selectors}: is outside the folders" in answer.body,
          f"what the reload itself cannot read is named too: {answer.body}")

    shutil.copy(selectors, file.parent / "match.txt")
    answer = reload(first.replace('"plain"', '"second"') + "    match_file: match.txt\n")
    check(answer.status == 200, f"in the folder of the configuration it may: {answer.body}")
    check(postern.scrape("second").status == 200, "the new target exists")


harness.run(scenario)
