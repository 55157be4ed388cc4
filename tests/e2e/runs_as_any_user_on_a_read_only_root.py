"""As an unknown user, without a capability, with a read-only root and the sandbox on, it starts, scrapes, and
saves its back-off in the only writable folder."""

import os
import pathlib
import random

import harness
from harness import check, wait_for

# In its own mount namespace: first the state folder, which stays writable.
READ_ONLY = """
set -e
mount --make-rprivate /
mount --bind "$STATE" "$STATE"
mount -o remount,bind,ro /
for place in /tmp /var /run /dev/shm; do
  if mountpoint -q "$place"; then mount -o remount,bind,ro "$place"; fi
done
touch / 2>/dev/null && { echo "the root is not read-only"; exit 1; }
exec setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups --bounding-set=-all \
  --inh-caps=-all --ambient-caps=-all --no-new-privs "$@"
"""


def scenario(stage):
    check(os.geteuid() == 0, "this scenario requires root, which creates the namespace")
    user = random.randrange(100000, 2000000000)
    whatsapp = stage.whatsapp()
    tls = stage.tls_folder()
    credentials = stage.credentials_folder(password="Wr0ng-one!")
    state = stage.folder_for("state")
    for folder in (tls, credentials, state):
        for path in (folder, *folder.iterdir()):
            os.chown(path, user, user)
    stage.folder.chmod(0o711)
    check(os.access(stage.build / "postern", os.X_OK), "the program exists")

    postern = stage.sidecar(
        whatsapp, f"--state.dir={state}", "--sandbox=on", tls=tls, credentials=credentials,
        launcher=("/usr/bin/env", f"STATE={state}", f"USER_ID={user}", "unshare", "--mount", "--",
                  "sh", "-c", READ_ONLY, "sh"))

    status = dict(line.split(":\t", 1)
                  for line in pathlib.Path(f"/proc/{postern.process.pid}/status").read_text().splitlines()
                  if ":\t" in line)
    check(set(status["Uid"].split()) == {str(user)}, f"its user: {status['Uid']}")
    for set_of_capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check(int(status[set_of_capabilities], 16) == 0, f"it has no capability: {status}")
    check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", "it is confined")
    mounts = pathlib.Path(f"/proc/{postern.process.pid}/mountinfo").read_text().splitlines()
    roots = [line.split() for line in mounts if line.split()[4] == "/"]
    check(all("ro" in fields[5].split(",") for fields in roots), f"its root is read-only: {roots}")

    check(postern.scrape().reason == "login_rejected", "the first password is wrong")
    kept = state / f"{harness.TARGET}.json"
    wait_for(kept.exists, "the back-off is saved")
    check(kept.stat().st_uid == user, "by that user")
    (credentials / "password").write_text(harness.PASSWORD)
    answer = wait_for(lambda: (answer := postern.scrape()).status == 200 and answer, "a successful scrape")
    check("whatsapp" in answer.body, "with the service's page")
    metrics = postern.own_metrics()
    check(metrics.value("process_open_fds") > 3, "it sees its own descriptors")
    check(metrics.value("process_start_time_seconds") > 1e9, "and when it started")


harness.run(scenario)
