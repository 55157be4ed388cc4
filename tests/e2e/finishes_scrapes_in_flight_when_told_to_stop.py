"""SIGTERM: no new connections, the active scrape finishes, the session logs out if configured, and the exit
code is 0."""

import signal
import threading

import harness
from harness import check, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(
        whatsapp, login="{ logout_at_exit: true }"))
    check(postern.scrape().status == 200, "a successful scrape")
    whatsapp.provoke("/metrics", stall=2)
    answers = []
    asked = whatsapp.requests("/metrics")
    scraper = threading.Thread(target=lambda: answers.append(postern.scrape()))
    scraper.start()
    wait_for(lambda: whatsapp.requests("/metrics") > asked, "the scrape is active")
    postern.process.send(signal.SIGTERM)

    def refuses():
        try:
            postern.get("/-/healthy", timeout=1)
            return False
        except OSError:
            return True

    wait_for(refuses, "new connections are refused", 2)
    scraper.join()
    check(answers[0].status == 200 and answers[0].whole, "the active scrape finishes")
    check(postern.process.wait(5) == 0, "the exit code is 0")
    check(whatsapp.counters()["logouts"] == 1, "it logged out")

    whatsapp.provoke("/v1/users/login", stall=30)
    postern = stage.sidecar(whatsapp)
    answer = postern.scrape(headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
    check(answer.reason == "timeout", f"a login that hangs: {answer.body}")
    postern.process.send(signal.SIGTERM)
    check(postern.process.wait(2) == 0, "does not delay the exit")


harness.run(scenario)
