"""Checks what the README promises for every failed scrape."""

import re

from .process import check

KNOWN = ("no_credential", "credential_source", "login_rejected", "login_throttled", "login_failed",
         "backoff", "resolve", "connect", "tls", "timeout", "status", "forbidden", "empty",
         "format", "limit", "truncated", "unknown_target", "busy", "config")


def _entries(document):
    """All maps within a JSON document."""
    if isinstance(document, dict):
        yield document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _entries(part)


def check_answer(answer, fault: str, status: int, target: str, mentions: str = ""):
    """The status line has the fault, the body is one line of the documented form."""
    check(answer.status == status, f"{fault} answers {status}, not {answer.status}: {answer.body}")
    check(answer.reason == fault, f"the reason phrase is {fault}, not {answer.reason}: {answer.body}")
    form = rf"{fault}: target {re.escape(target)}: [^\n]+; [^\n]+\n?"
    check(re.fullmatch(form, answer.body), f"the body has the form /{form}/: {answer.body!r}")
    check(mentions in answer.body, f"the body mentions {mentions!r}: {answer.body!r}")
    kind = answer.headers.get("Content-Type", "")
    check(kind.startswith("text/plain"), f"the body is plain text, not {kind}")
    if fault in ("login_throttled", "backoff", "busy"):
        seconds = answer.headers.get("Retry-After", "")
        check(seconds.isdigit() and int(seconds) > 0, f"Retry-After is given, not {seconds!r}")


def check_state(postern, fault: str, target: str):
    """postern_target_fault and /health name this fault and no other."""
    metrics = postern.own_metrics()
    shown = {name: metrics.value("postern_target_fault", target=target, fault=name)
             for name in KNOWN}
    raised = [name for name, value in shown.items() if value]
    check(raised == [fault], f"postern_target_fault is 1 only for {fault}: {raised}")
    check(metrics.value("postern_up", target=target) == 0, "postern_up is 0")
    status, document = postern.health()
    check(status == 503, f"/health answers 503, not {status}")
    check(any(entry.get("fault") == fault for entry in _entries(document)),
          f"/health names {fault}: {document}")


def expect_fault(postern, fault: str, status: int, target: str, mentions: str = "", **options):
    """Scrapes the target once; the scrape must fail with `fault` in every output."""
    def failures():
        return postern.own_metrics().value("postern_scrape_failures_total", target=target,
                                           reason=fault)
    before = failures()
    check(before is not None, "postern_scrape_failures_total starts at 0 for each reason")
    answer = postern.scrape(target, **options)
    check_answer(answer, fault, status, target, mentions)
    after = failures()
    check(after == before + 1, f"postern_scrape_failures_total increases by one: {before} to {after}")
    check_state(postern, fault, target)
    return answer
