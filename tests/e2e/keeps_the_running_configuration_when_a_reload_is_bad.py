"""A reload replaces the whole configuration, or keeps the running one if the new one is bad: by SIGHUP, by
POST /-/reload and by a change of the file. Unchanged targets keep their session."""

import signal

import harness
from harness import check, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp()
    first = stage.plain_target(whatsapp)
    second = first.replace('"plain"', '"second"')
    folder = stage.folder_for("reloaded")
    file = folder / "postern.yml"
    file.write_text("targets:\n" + first)
    postern = stage.postern(f"--config.file={file}", "--web.enable-lifecycle",
                            "--config.enable-auto-reload", "--config.auto-reload-interval=1s")
    check(postern.scrape("plain").status == 200, "a successful scrape")
    check(postern.scrape("second").reason == "unknown_target", "there is one target")

    def successful():
        return postern.own_metrics().value("postern_config_last_reload_successful")

    file.write_text("targets:\n" + first + second)
    postern.process.send(signal.SIGHUP)
    wait_for(lambda: postern.scrape("second").status == 200, "SIGHUP adds the second target")

    file.write_text("targets:\n" + first + "    nonsense: 1\n")
    answer = postern.get("/-/reload", method="POST")
    check(answer.status == 500 and "nonsense" in answer.body, f"it says why: {answer.body}")
    check(successful() == 0, "the failure is shown")
    check(postern.scrape("second").status == 200, "the running configuration stays")

    file.write_text("targets:\n" + first)
    wait_for(lambda: postern.scrape("second").reason == "unknown_target",
             "the changed file is noticed", 10)
    check(successful() == 1, "the success is shown")
    check(postern.scrape("plain").status == 200, "the first target keeps working")
    check(whatsapp.counters()["logins"] == 2, "with its session")
    check(postern.get("/-/reload").status == 405, "GET does not reload")


harness.run(scenario)
