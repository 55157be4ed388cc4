"""No file descriptor is free: the daemon keeps running, keeps credential, token and certificates, says what
is missing, and works as before when descriptors are free again."""

import os
import resource
import socket
import time

import harness
from harness import check, wait_for


def scenario(stage):
    whatsapp = stage.whatsapp()
    postern = stage.sidecar(whatsapp, "--log.level=debug")
    pid = postern.process.pid
    check(postern.scrape().status == 200, "a successful scrape")
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def allow(number):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (number, usual[1]))

    def used():
        return len(os.listdir(f"/proc/{pid}/fd"))

    # The daemon can accept a connection but not open one: persistent connections must close first.
    whatsapp.stop()
    whatsapp.start()
    wait_for(lambda: postern.own_metrics().value("postern_http_connections") == 1, "no other client is connected")
    asking = socket.create_connection(("127.0.0.1", postern.port))
    asking.settimeout(20)
    wait_for(lambda: postern.own_metrics().value("postern_http_connections") == 2, "it is connected")
    allow(3)
    asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: postern\r\nConnection: close\r\n\r\n")
    answer = b""
    while block := asking.recv(1 << 16):
        answer += block
    asking.close()
    check(answer.startswith(b"HTTP/1.1 502 connect") and b"Too many open files" in answer,
          f"the scrape says what is missing: {answer[:600]}")

    # The daemon cannot even accept a connection: the client waits.
    waiting = [harness.in_background(lambda: postern.get("/-/healthy")) for _ in range(5)]
    looks_at_its_files = time.monotonic() + 2.5
    wait_for(lambda: time.monotonic() >= looks_at_its_files, "time passes")
    check(postern.process.running(), "the daemon lives")
    check(not any(one.done() for one in waiting), "no client was answered")
    allow(usual[0])
    check(all(one.result().status == 200 for one in waiting), "all are answered with free descriptors")

    answer = postern.scrape()
    check(answer.status == 200, f"it succeeds again: {answer.body[:300]}")
    metrics = postern.own_metrics()
    check(metrics.value("postern_tls_reloads_total", target=harness.TARGET, role="client",
                        result="failure") == 0, "no certificate counts as bad")
    check(used() < usual[0], "as before")
    check(whatsapp.counters()["logins"] == 1, "one login, after the restart of the service")


harness.run(scenario)
