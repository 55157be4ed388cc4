"""The API server of `postern inject` accepts connections and does not answer: the injector injects anyway,
counts failed requests, and ends at once on SIGTERM."""

import signal
import socket
import time

import harness
from harness import check, wait_for
from harness.injector import pod


def scenario(stage):
    silent = socket.create_server(("127.0.0.1", 0))
    silent.settimeout(0)
    account = stage.folder_for("service-account")
    (account / "token").write_text(stage.secret("token", "eyJhbGciOi.not-a-real.token"))
    (account / "ca.crt").write_text(stage.authority.certificate.read_text())
    injector = stage.injector(f"--kube.api-server=https://127.0.0.1:{silent.getsockname()[1]}",
                              f"--kube.token-file={account}/token", f"--kube.ca-file={account}/ca.crt",
                              tls=stage.tls_folder(pair=stage.authority.issue("localhost")))

    def asked():
        try:
            return silent.accept()[0]
        except BlockingIOError:
            return None

    connection = wait_for(asked, "the API server is asked")
    check(injector.review(pod())["allowed"], "a pod is injected meanwhile")
    connection.close()
    connection = wait_for(asked, "the next request is sent")
    counts = injector.api_requests()
    check(counts["failed"] >= 1 and counts["ok"] == counts["refused"] == 0, f"it counts that: {counts}")
    begin = time.monotonic()
    injector.process.send(signal.SIGTERM)
    check(injector.process.wait() == 0, "it ends well")
    check(time.monotonic() - begin < 3, "and at once")
    connection.close()
    silent.close()


if __name__ == "__main__":
    harness.run(scenario)
