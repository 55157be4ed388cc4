"""In a network that drops or resets packets (nftables): failed connects are `timeout` at the deadline or
`connect` at once, and a stalled page is `timeout`. A persistent connection that a firewall has forgotten
fails no scrape. When packets pass again, the next scrape succeeds."""

import harness
from harness import check, expect_fault
from harness.namespaces import Firewall, enter_own_namespaces

SECONDS = 4  # the scraper's timeout; postern's is half a second less
TIMEOUT = {"X-Prometheus-Scrape-Timeout-Seconds": str(SECONDS)}


def scenario(stage):
    whatsapp = stage.whatsapp()
    firewall = Firewall(whatsapp.port)
    target = "targets:\n" + stage.plain_target(whatsapp)
    postern = stage.postern(config=target)

    def passes_again(logins):
        firewall.open()
        harness.wait_for(lambda: postern.scrape(headers=TIMEOUT).status == 200, "good again")
        check(whatsapp.counters()["logins"] == logins, "with the same login")

    def stops(claim):
        answer = expect_fault(postern, "timeout", 504, "plain", headers=TIMEOUT)
        check(SECONDS - 1 < answer.seconds < SECONDS, f"{claim}: at the deadline: {answer.seconds}")
        check(postern.get("/-/healthy").seconds < 1, f"{claim}: health answers")

    firewall.drop_new()
    stops("connecting is impossible")
    passes_again(1)

    # The persistent connection is dead without a notification.
    check(firewall.forget() >= 1, "a persistent connection exists")
    connections = whatsapp.counters()["connections"]
    answer = postern.scrape(headers=TIMEOUT)
    check(answer.status == 200, f"a new connection replaces it: {answer.body[:300]}")
    check(whatsapp.counters()["connections"] == connections + 1, "it is one")
    passes_again(1)

    firewall.drop()
    stops("all packets are dropped")
    passes_again(1)

    whatsapp.provoke("/metrics", stall_body=1)
    before = whatsapp.requests("/metrics")
    scrape = harness.in_background(lambda: postern.scrape(headers=TIMEOUT))
    harness.wait_for(lambda: whatsapp.requests("/metrics") > before, "the page has begun")
    firewall.drop()
    answer = scrape.result()
    harness.check_answer(answer, "timeout", 504, "plain")
    check(SECONDS - 1 < answer.seconds < SECONDS, f"at the deadline: {answer.seconds}")
    whatsapp.clear()
    passes_again(1)

    firewall.reset()
    answer = expect_fault(postern, "connect", 502, "plain", headers=TIMEOUT)
    check(answer.seconds < SECONDS - 1, f"at once: {answer.seconds}")
    passes_again(1)


enter_own_namespaces()
harness.run(scenario)
