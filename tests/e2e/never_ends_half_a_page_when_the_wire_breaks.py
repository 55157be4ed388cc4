"""A streamed page, over a network that cuts, resets or flips a byte at any place: the scraper's answer never
ends like a complete page, plain or compressed. When the network works again, the page is complete."""

import http.client
import random

import harness
from harness import check, wait_for

PAGE = 4 << 20  # bytes, at least
PLACES = 6  # for each fault


def ends_whole(postern, headers):
    try:
        answer = postern.scrape(headers=headers)
    except (http.client.HTTPException, OSError):  # without a head
        return False
    return answer.status == 200 and answer.whole


def scenario(stage):
    whatsapp = stage.whatsapp()
    whatsapp.provoke("/metrics", megabytes=PAGE >> 20)
    wire = stage.fault_proxy(whatsapp.port)
    postern = stage.postern(config="targets:\n" + stage.plain_target(wire, hold_back="64KiB"))
    whole = postern.scrape()
    check(whole.status == 200 and len(whole.body) >= PAGE, "a complete page first")

    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    for kind in ("cut", "reset", "corrupt"):
        for number in range(PLACES):
            place = draw.randrange(100_000, PAGE)
            wire.set(**{kind: place})
            headers = {"Accept-Encoding": "gzip"} if number % 2 else {}
            check(not ends_whole(postern, headers), f"{kind} after {place} bytes shows, {headers}")
            wire.heal()
            again = postern.scrape()
            check(again.whole and again.body == whole.body, f"the page is complete after {kind}")

    wire.set(trickle=20_000)
    check(not ends_whole(postern, {"X-Prometheus-Scrape-Timeout-Seconds": "2"}), "a trickle is visible")
    wire.heal()

    def nothing_is_left():
        return postern.own_metrics().value("postern_http_connections") == 1

    wait_for(nothing_is_left, "no broken scrape is still served")
    failures = postern.own_metrics().all("postern_scrape_failures_total")
    check(sum(failures.values()) == 3 * PLACES + 1, f"each one is counted: {failures}")


harness.run(scenario)
