"""Users of Teleport, the Spinnaker daemon or Ultronex find their paths and formats: /health as a table for
browsers, /health/<target>/sanity as one gauge, /prometheus_metrics, /heartbeat, /stats and /external."""

import base64
import crypt
import json
import re
import subprocess
import time

import harness
from harness import TARGET, check

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def scenario(stage):
    whatsapp = stage.whatsapp(health="multi")
    begun = time.time()
    postern = stage.sidecar(whatsapp)

    sanity = postern.get(f"/health/{TARGET}/sanity")
    check(sanity.status == 200 and sanity.headers["Content-Type"].startswith("text/plain; version=0.0.4"),
          f"{sanity.status} {sanity.headers['Content-Type']}")
    check(list(sanity.metrics().samples) == [("whatsapp_cluster_health", frozenset(
        {("customer", TARGET), ("customer_name", "")}))], f"one gauge: {sanity.body}")
    check(list(sanity.metrics().samples.values()) == [1], f"which is 1: {sanity.body}")
    lint = subprocess.run(["promtool", "check", "metrics"], input=sanity.body, text=True, capture_output=True)
    check(lint.returncode == 0, f"promtool has no complaint: {lint.stderr}")
    whatsapp.set(health="disconnected")
    sanity = postern.get(f"/health/{TARGET}/sanity")
    check(list(sanity.metrics().samples.values()) == [0], f"a scrape is made for it: {sanity.body}")

    table = postern.get("/health", headers=BROWSER)
    check(table.headers["Content-Type"] == "text/html; charset=utf-8", "a table for browsers")
    check(TARGET in table.body and "disconnected" in table.body, "with the unhealthy nodes")
    check(postern.get("/health").headers["Content-Type"] == "application/json", "JSON for all others")

    check(postern.get("/prometheus_metrics").metrics().names() == postern.scrape().metrics().names(),
          "/prometheus_metrics is the page of the first target")

    check(list(json.loads(postern.get("/heartbeat").body)) == ["msg"], "the heartbeat")
    stats = json.loads(postern.get("/stats").body)
    check(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}Z", stats["uptime"]), f"{stats['uptime']}")
    check(stats["uptime"] >= time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(begun - 1)), "since the start")
    check(stats["total_scrape_count"] == 4 and stats["total_login_count"] == 1, f"{stats}")
    check(json.loads(postern.get("/external").body) == {"errors": {}}, "no error yet")
    whatsapp.provoke("/metrics", status=500)
    for _ in range(3):
        check(postern.get(f"/health/{TARGET}/sanity").status == 502, "sanity fails with the scrape")
    check(json.loads(postern.get("/external").body) == {"errors": {f"{TARGET} : status": 3}},
          "errors by text")

    web = stage.folder_for("web") / "web.yml"
    hashed = crypt.crypt("wonder", "$2b$04$abcdefghijklmnopqrstuu")
    stage.secret("hash of the password", hashed)
    web.write_text(f'basic_auth_users: {{ alice: "{hashed}" }}\n')
    login = base64.b64encode(b"alice:wonder").decode()
    locked = stage.postern(*stage.sidecar_flags(whatsapp), f"--web.config.file={web}",
                           headers={"Authorization": f"Basic {login}"})
    nobody = {"Authorization": ""}
    beat = locked.get("/heartbeat", headers=nobody)
    check(beat.status == 200 and json.loads(beat.body)["msg"], f"the heartbeat needs no login: {beat.status}")
    stats = locked.get("/stats", headers=nobody)
    check(stats.status == 401 and stats.headers["WWW-Authenticate"] == 'Basic realm="postern"',
          f"everything else does: {stats.status} {stats.headers}")


harness.run(scenario)
