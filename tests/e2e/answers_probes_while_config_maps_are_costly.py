"""A ConfigMap that is costly to check is refused in bounded time and memory. Meanwhile the injector answers
probes at once and reviews pods, and SIGTERM stops it."""

import json
import signal
import time

import harness
from harness import check, in_background, wait_for
from harness.injector import pod, review_of

MOST_BYTES = 64 << 20
COSTLY = "(a{100}|b{100}){9}"
_TARGET = "targets:\n  - name: a\n    url: https://localhost\n"


def _rules(regex: str, bytes: int) -> str:
    rule = f"      - {{ action: labeldrop, regex: '{regex}' }}\n"
    return _TARGET + "    metric_relabel_configs:\n" + rule * (bytes // len(rule))


def _config_maps() -> dict[str, str]:
    target = "  - {name: t%d, url: 'https://localhost'}\n"
    return {
        "costly expressions": _rules(COSTLY, 281_000),
        "costly selectors": _TARGET + "    match:\n" + f"      - '{{a=~\"{COSTLY}\"}}'\n" * 7_000,
        "square brackets": "[" * 1_000_000,
        "braces": "{" * 900_000,
        "braces and brackets": "[{" * 450_000,
        "question marks": "[" + "? " * 400_000,
        "one long list": "[" + "a," * 450_000 + "a]",
        "one long map": "{" + ",".join(f"a{i}: 1" for i in range(90_000)) + "}",
        "quotes": "[" + '"" ' * 300_000 + "]",
        "dashes": "- " * 450_000,
        "nested maps": "".join(" " * i + "a:\n" for i in range(1_300)),
        "unknown keys": _TARGET + "".join(f"    unknown_{i}: 1\n" for i in range(45_000)),
        "duplicate keys": _TARGET + "    name: a\n" * 75_000,
        "empty targets": "targets:\n" + "  - {}\n" * 120_000,
        "numbers as targets": "targets: [" + "1," * 90_000 + "1]",
        "many targets": "targets:\n" + "".join(target % i for i in range(20_000)),
        "anchors": "".join(f"a{i}: &a{i} [1]\n" for i in range(40_000)),
        "a long key": '"' + "a" * 900_000 + '": 1',
        "a long comment": "#" + "[" * 900_000,
        "line breaks": "\n" * 900_000,
    }


def _config_map(text: str) -> dict:
    return {"kind": "ConfigMap", "metadata": {"name": "a", "labels": {"postern.io/config": "true"}},
            "data": {"postern.yml": text}}


def scenario(stage):
    injector = stage.injector("--inject.image=registry.example/postern:1",
                              tls=stage.tls_folder(pair=stage.authority.issue("localhost")))
    check(injector.review(pod())["allowed"], "a pod is injected")
    for name, text in _config_maps().items():
        began = time.monotonic()
        review = in_background(lambda: injector.review(_config_map(text)))
        delays, most = [], 0
        while not review.done() or len(delays) < 20:
            asked = time.monotonic()
            check(injector.probe("/-/healthy") == 200, "it is healthy")
            delays.append(time.monotonic() - asked)
            most = max(most, injector.resident_bytes())
        response = review.result()
        seconds = time.monotonic() - began
        check(most < MOST_BYTES, f"{name}: {most} bytes")
        check(seconds < 10, f"{name}: the API server waits ten seconds at most, and it took {seconds}")
        check(max(delays) < 1, f"{name}: a probe took {max(delays)} s")
        delays.sort()
        check(delays[len(delays) * 9 // 10] < 0.1, f"{name}: probes took {delays[-5:]} s")
        check(name in ("many targets",) or not response["allowed"], f"{name}: {response}")
        check(len(json.dumps(response)) < 10_000, f"{name}: a short answer")
        check(injector.review(pod())["allowed"], "a pod is injected")

    # Five of them run in turn: a second of CPU time each, which may take long beside other tests.
    costly = json.dumps(review_of(_config_map(_rules(COSTLY, 281_000))))
    crowd = [in_background(lambda: injector.ask(costly, timeout=200)) for _ in range(30)]
    while not all(review.done() for review in crowd):
        check(injector.review(pod())["allowed"], "a pod is injected beside thirty costly reviews")
        check(injector.resident_bytes() < MOST_BYTES, f"thirty reviews take {injector.resident_bytes()} bytes")
    statuses = {review.result()[0] for review in crowd}
    check(statuses == {200, 503}, f"some are answered, most are rejected for now: {statuses}")

    reviews = [in_background(lambda: injector.ask(costly)) for _ in range(4)]
    wait_for(lambda: injector.metrics().value("postern_http_connections") >= 4, "four reviews arrive")
    injector.process.send(signal.SIGTERM)
    check(injector.process.wait(15) == 0, "it stops")
    for review in reviews:
        check(review.exception(20) or review.result()[0] in (200, 503), "a review is answered or cut off")


harness.run(scenario)
