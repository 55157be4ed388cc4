"""An incomplete body is `truncated`; after the hold-back it is an aborted connection.

An incomplete page never ends like a complete one.
"""

import harness
from harness import check, check_state, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    targets = (stage.plain_target(whatsapp, "held")
               + stage.plain_target(whatsapp, "streams", hold_back="1KiB"))
    postern = stage.postern(config="targets:\n" + targets)
    check(postern.scrape("held").status == 200, "a successful scrape first")
    for chunked in (False, True):
        whatsapp.provoke("/metrics", truncate=2000, chunked=chunked)
        expect_fault(postern, "truncated", 502, "held")
        answer = postern.scrape("streams")
        check(answer.status == 200 and not answer.whole,
              f"after the hold-back the answer is aborted: {answer.status}, whole {answer.whole}")
        check_state(postern, "truncated", "streams")


harness.run(scenario)
