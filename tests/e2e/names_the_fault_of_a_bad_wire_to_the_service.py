"""The network between postern and the service delays, cuts, resets, trickles, flips a byte or drops
everything. Each has its fault and its time, and the first scrape after it succeeds, with the same login."""

import harness
from harness import check, expect_fault

LARGE = {"megabytes": 1, "chunked": True}
MIDDLE = 500_000  # bytes; in the middle of that page
SECONDS = 4  # the scraper's timeout; postern's is half a second less

# The fault of the network, the page, and the expected text. If the first byte of an answer is missing,
# postern retries on a new connection, whose handshake has the same fault.
CASES = [
    ("cut before the answer", {"cut": 0}, {}, "tls", 502),
    ("reset before the answer", {"reset": 0}, {}, "tls", 502),
    ("cut in the page", {"cut": MIDDLE}, LARGE, "truncated", 502),
    ("reset in the page", {"reset": MIDDLE}, LARGE, "truncated", 502),
    ("a byte flipped in the page", {"corrupt": MIDDLE}, LARGE, "tls", 502),
    ("a trickle", {"trickle": 1000}, LARGE, "timeout", 504),
    ("a black hole", {"black_hole": True}, {}, "timeout", 504),
]


def scenario(stage):
    whatsapp = stage.whatsapp()
    wire = stage.fault_proxy(whatsapp.port)
    postern = stage.postern(config="targets:\n" + stage.plain_target(wire, hold_back="8MiB"))
    timeout = {"X-Prometheus-Scrape-Timeout-Seconds": str(SECONDS)}
    check(postern.scrape().status == 200, "a successful scrape first")

    wire.set(delay=0.5)
    answer = postern.scrape()
    check(answer.status == 200 and answer.seconds > 0.5, f"late, but successful: {answer.seconds}")
    wire.heal()

    for claim, fault, page, word, status in CASES:
        whatsapp.clear()
        if page:
            whatsapp.provoke("/metrics", **page)
        check(postern.scrape().status == 200, f"{claim}: it succeeds before")
        wire.set(**fault)
        answer = expect_fault(postern, word, status, "plain", headers=timeout)
        check(answer.seconds < SECONDS, f"{claim}: before the scraper gives up: {answer.seconds}")
        check(word == "timeout" or answer.seconds < SECONDS - 1, f"{claim}: at once: {answer.seconds}")
        check(word != "timeout" or answer.seconds > SECONDS - 1, f"{claim}: not before its time")
        check(postern.get("/-/healthy").status == 200, f"{claim}: postern is healthy")
        wire.heal()
        answer = postern.scrape()
        check(answer.status == 200, f"{claim}: it succeeds afterwards: {answer.body[:300]}")
    check(whatsapp.counters()["logins"] == 1, "one login was enough")

    wire.set(black_hole=True)
    whatsapp.revoke_tokens()
    expect_fault(postern, "timeout", 504, "plain", headers=timeout)
    wire.heal()
    harness.wait_for(lambda: postern.scrape().status == 200, "it logs in again")


harness.run(scenario)
