"""An invalid review gets a clear refusal, and the injector keeps running with little memory. Invalid are ten
megabytes, deep nesting, another version, no uid, a cut body, a wrong content type, GET, a body that does not
arrive, many large ones at once."""

import concurrent.futures
import json
import socket
import time

import harness
from harness import check
from harness.injector import UID, pod, review_of

MOST = 3 << 20
RESIDENT = 64 << 20  # its memory limit in the chart


def chunks(total: int, size: int = 65536):
    for _ in range(total // size):
        yield b" " * size


def scenario(stage):
    injector = stage.injector()
    whole = json.dumps(review_of(pod()))

    def refuses(status: int, what: str, body, **how):
        got, text = injector.ask(body, **how)
        check(got == status and what in text, f"{what!r} by {status}: {got} {text[:200]}")
        check(injector.review(pod())["allowed"], "the next review is answered")

    refuses(413, "the body is longer than 3072 KiB", b"{" * 10_000_000)
    refuses(413, "the body is longer than 3072 KiB", chunks(10_000_000))
    refuses(400, "nests deeper than 64 levels", b"[" * MOST)
    refuses(400, "nests deeper than 64 levels", b'{"a":' * 100_000)
    refuses(400, "nests deeper than 64 levels", whole.replace('"web"', "[" * 70 + "]" * 70))
    refuses(400, "holds more than 200000 values", b"[" + b"0," * (MOST // 2 - 2) + b"0]")
    refuses(400, "not an AdmissionReview of admission.k8s.io/v1", whole.replace("io/v1", "io/v1beta1"))
    refuses(400, "not an AdmissionReview", whole.replace("AdmissionReview", "AdmissionView"))
    refuses(400, "has no uid", whole.replace(UID, ""))
    refuses(400, "is not JSON, or is incomplete", whole[:-20])
    refuses(400, "is not JSON", b"\xff\xfe" * 1000)
    refuses(400, "is empty", b"")
    refuses(415, "reviews require the Content-Type application/json", whole, headers={"Content-Type": "text/yaml"})
    refuses(415, "reviews require the Content-Type application/json", whole, headers={})
    refuses(405, "reviews require the method POST", None, method="GET")
    refuses(404, "reviews are answered at /mutate", whole, path="/")
    check(injector.requests("bad_request") == 14, "each that arrived is counted")

    # The complete review, in one chunk and in many.
    for size in (len(whole), 100):
        body = (whole[at:at + size].encode() for at in range(0, len(whole), size))
        status, text = injector.ask(body)
        check(status == 200 and json.loads(text)["response"]["allowed"], f"chunks of {size} bytes")

    # A body that never arrives blocks nothing, and is dropped after five seconds.
    began = time.monotonic()
    with injector.tls.wrap_socket(socket.create_connection(("localhost", injector.port)),
                                  server_hostname="localhost") as slow:
        slow.sendall(b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{")
        check(injector.review(pod())["allowed"], "others are answered meanwhile")
        slow.settimeout(20)
        check(b" 408 " in slow.recv(4096), "it gets an answer")
    check(4 < time.monotonic() - began < 15, "after five seconds")

    # Many large bodies at once: answered or refused as busy, and memory is bounded.
    large = json.dumps({**review_of(pod()), "padding": "x" * (MOST - 8192)}).encode()

    def ask(_):
        return injector.ask(large)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(64)))
    statuses = {status for status, _ in answers}
    check(200 in statuses and statuses <= {200, 503}, f"answered or busy: {statuses}")
    check(all("busy" in text for status, text in answers if status == 503), "and says so")
    resident = injector.resident_bytes()
    check(resident < RESIDENT, f"{resident / 1e6:.1f} MB are resident")
    print(f"{sum(status == 200 for status, _ in answers)} of 64 large reviews answered, "
          f"{resident / 1e6:.1f} MB resident", flush=True)
    check(injector.review(pod())["allowed"] and injector.process.running(), "it keeps running")


harness.run(scenario)
