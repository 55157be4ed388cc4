"""Certificates and passwords are replaced while the daemon is killed and restarted, 25 times, and once a
password is wrong. Logins stay few, the state file is always complete, and each start succeeds."""

import json
import os
import random
import shutil
import threading

import harness
from harness import check, wait_for

CRASHES = 25
WAIT = 2  # seconds after a rejected login


def swap(mount, source, number):
    """Replaces the folder as the kubelet does."""
    shutil.copytree(source, mount / f"..version_{number}")
    link = mount / "..data_tmp"
    link.symlink_to(f"..version_{number}")
    os.rename(link, mount / "..data")


def mounted(stage, name, source):
    mount = stage.folder_for(name)
    swap(mount, source, 0)
    for file in os.listdir(source):
        (mount / file).symlink_to(os.path.join("..data", file))
    return mount


def state_is_whole(folder):
    """The daemon may have been in any state when it was killed."""
    for file in folder.glob("*.json"):
        check(json.loads(file.read_text())["version"] == 1, f"{file.name} is whole")


def scenario(stage):
    draw = random.Random()
    whatsapp = stage.whatsapp()
    tls = mounted(stage, "mounted-tls", stage.tls_folder())
    credentials = mounted(stage, "mounted-credentials", stage.credentials_folder())
    state = stage.folder_for("state")
    # A login that a kill has interrupted counts as rejected: a crash may cost its wait.
    postern = stage.postern(f"--state.dir={state}", config=f"""targets:
  - name: "{harness.TARGET}"
    preset: whatsapp
    url: {whatsapp.url}
    tls_config: {{ ca_file: {tls}/ca.crt, cert_file: {tls}/tls.crt, key_file: {tls}/tls.key,
                  server_name: whatsapp-web }}
    credentials: {{ directory: {credentials} }}
    login: {{ backoff: {{ rejected: {WAIT}s }} }}
""")
    check(postern.scrape().status == 200, "a successful scrape")
    done = threading.Event()

    def scrape_on():
        while not done.is_set():
            try:
                postern.scrape()
            except OSError:  # it is being killed
                done.wait(0.01)

    scrapers = [harness.in_background(scrape_on) for _ in range(2)]
    passwords = [stage.secret(f"swapped {number}", f"Sw4pped-{number}-passw0rd") for number in range(CRASHES)]
    # Prepared, so that swaps and crashes are close together.
    pairs = [stage.tls_folder(f"postern-{number}") for number in range(CRASHES)]
    folders = [stage.credentials_folder(password) for password in passwords]
    for number in range(CRASHES):
        before = whatsapp.counters()
        whatsapp.set(password=passwords[number])
        whatsapp.revoke_tokens()
        swaps = harness.in_background(lambda number=number: (
            swap(tls, pairs[number], number + 1), swap(credentials, folders[number], number + 1)))
        done.wait(draw.uniform(0, 0.05))
        postern.process.kill()
        state_is_whole(state)
        swaps.result()
        postern.start()
        wait_for(lambda: postern.scrape().status == 200, f"crash {number}: the start succeeds", 4 * WAIT)
        after = whatsapp.counters()
        logins = after["logins"] - before["logins"]
        check(logins <= 4, f"crash {number}: logins stay few: {logins}")
    done.set()
    for scraper in scrapers:
        scraper.result()
    state_is_whole(state)
    left = sorted(file.name for file in state.iterdir())
    check(left == [f"{harness.TARGET}.json"], f"the state's folder has no other file: {left}")
    document = json.loads((state / f"{harness.TARGET}.json").read_text())
    check(document["rejections"] == 0, f"no rejection is remembered: {document['rejections']}")


harness.run(scenario)
