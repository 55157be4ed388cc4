"""Two scrapers share one request. The first, which began it, gets `timeout` at its own deadline, the second
gets the page."""

import threading
import time

import harness
from harness import check, check_answer


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.postern(config="targets:\n" + stage.plain_target(whatsapp))
    check(postern.scrape().status == 200, "a successful scrape first")
    before = whatsapp.requests("/metrics")
    whatsapp.provoke("/metrics", stall=2)
    answers = {}

    def scrape(name, seconds):
        answers[name] = postern.scrape(headers={"X-Prometheus-Scrape-Timeout-Seconds": seconds})

    scrapers = [threading.Thread(target=scrape, args=("hurried", "1"))]
    scrapers[0].start()
    harness.wait_for(lambda: whatsapp.requests("/metrics") > before, "the request was sent")
    scrapers.append(threading.Thread(target=scrape, args=("patient", "9")))
    scrapers[1].start()
    for scraper in scrapers:
        scraper.join()
    check_answer(answers["hurried"], "timeout", 504, "plain")
    check(answers["hurried"].seconds < 1, f"at its own deadline: {answers['hurried'].seconds}")
    check(answers["patient"].status == 200, f"the other has its page: {answers['patient'].body}")
    check(whatsapp.requests("/metrics") == before + 1, "one request")


harness.run(scenario)
