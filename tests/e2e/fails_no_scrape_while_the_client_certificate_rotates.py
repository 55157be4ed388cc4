"""The client certificate is rotated 30 times by a swap of Kubernetes' ..data link, under 50 scrapes a second.
Two pairs are broken, and half of the times the writer is killed in the middle. No scrape fails, and the new
certificate is in use after each rotation."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import harness
from harness import check, wait_for

ROTATIONS = 30
BROKEN = (9, 19)
RATE = 50  # scrapes a second

# Writes a new folder and swaps the link to it, as the kubelet does; slowly, so that a kill interrupts it.
WRITER = """
import os, pathlib, shutil, sys, time
mount, source, version = sys.argv[1:]
folder = pathlib.Path(mount, version)
folder.mkdir()
for name in ("ca.crt", "tls.crt", "tls.key"):
    text = pathlib.Path(source, name).read_bytes()
    with open(folder / name, "wb") as file:
        for at in range(0, len(text), 64):
            file.write(text[at:at + 64])
            file.flush()
link = pathlib.Path(mount, "..data_tmp")
link.unlink(missing_ok=True)
link.symlink_to(version)
print("written", flush=True)
os.rename(link, pathlib.Path(mount, "..data"))
"""


def make_source(stage, number, broken):
    folder = stage.folder_for("source")
    pair = stage.authority.issue(f"postern-{number}")
    other = stage.authority.issue("other") if broken else pair
    shutil.copy(stage.authority.certificate, folder / "ca.crt")
    shutil.copy(pair.certificate, folder / "tls.crt")
    shutil.copy(other.key, folder / "tls.key")
    stage.secret(f"key {number}", other.key.read_text().splitlines()[1])
    return folder


def write(mount, source, version):
    return subprocess.Popen([sys.executable, "-c", WRITER, mount, source, version],
                            stdout=subprocess.PIPE)


def rotate(mount, source, number, kill):
    if kill:
        victim = write(mount, source, f"..killed_{number}")
        deadline = time.monotonic() + random.uniform(0, 0.06)
        wait_for(lambda: time.monotonic() >= deadline, "time passes")
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    check(write(mount, source, f"..version_{number}").wait() == 0, "the writer succeeds")


def scenario(stage):
    whatsapp = stage.whatsapp()
    mount = stage.folder_for("mounted")
    rotate(mount, make_source(stage, 0, broken=False), 0, kill=False)
    for name in ("ca.crt", "tls.crt", "tls.key"):
        (mount / name).symlink_to(os.path.join("..data", name))
    postern = stage.sidecar(whatsapp, tls=mount)
    check(postern.scrape().status == 200, "the first scrape succeeds")

    failed, done = [], threading.Event()
    counts = [0]

    def scrape_on():
        began = time.monotonic()
        while not done.is_set():
            answer = postern.scrape()
            counts[0] += 1
            if answer.status != 200 or not answer.whole:
                failed.append(f"{answer.status} {answer.body[:300]}")
            done.wait(max(0.0, began + counts[0] / RATE - time.monotonic()))

    def reloads(result):
        return postern.own_metrics().value("postern_tls_reloads_total", target=harness.TARGET,
                                           role="client", result=result)

    scraper = threading.Thread(target=scrape_on)
    scraper.start()
    began = time.monotonic()
    try:
        for number in range(1, ROTATIONS + 1):
            broken = number in BROKEN
            source = make_source(stage, number, broken)
            result = "failure" if broken else "success"
            before = reloads(result)
            rotate(mount, source, number, kill=number % 2 == 0)
            wait_for(lambda: reloads(result) > before, f"rotation {number} is noticed", 5)
    finally:
        done.set()
        scraper.join()
    rate = counts[0] / (time.monotonic() - began)
    print(f"{ROTATIONS} rotations, {counts[0]} scrapes, {rate:.0f} a second, {len(failed)} failed")
    check(not failed, f"{len(failed)} of {counts[0]} scrapes failed, the first: {failed[:1]}")
    handshakes = whatsapp.counters()["handshakes"]
    check(handshakes > ROTATIONS - len(BROKEN), f"new certificates were shown: {handshakes}")


harness.run(scenario)
