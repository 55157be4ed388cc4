"""A target that is not configured is 404 `unknown_target`, and changes no target's metrics."""

import harness
from harness import check, check_answer


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp)
    check_answer(postern.scrape("441234567890"), "unknown_target", 404, "441234567890")
    own = postern.own_metrics()
    check(not own.all("postern_up", target="441234567890"), "no series for invented names")
    check(postern.health()[0] == 200, "/health does not change")
    check(not whatsapp.counters()["requests"], "nothing was sent")


harness.run(scenario)
