"""The fake service of the other scenarios behaves as the vendor documents; without postern."""

import json
import re

import harness
from harness import check


def scenario(stage):
    whatsapp = stage.whatsapp()
    client = stage.authority.issue("client")

    def status(path, authorization):
        return whatsapp.ask(client, "GET", path, authorization)[0]

    def log_in(password=harness.PASSWORD, body=b""):
        code, headers, text = whatsapp.log_in(client, password, body=body)
        return code, headers, json.loads(text) if text.startswith("{") else text

    code, _, document = log_in()
    user = document["users"][0]
    check(code == 200 and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00",
                                       user["expires_after"]), "W2: expires_after has its form")
    bearer, second = f"Bearer {user['token']}", f"Bearer {log_in()[2]['users'][0]['token']}"
    check(bearer != second and status("/metrics", bearer) == 200, "W2: several tokens are valid")
    code, headers, text = log_in("wrong")
    check((code, text) == (401, "") and "Basic" in headers["WWW-Authenticate"], "W3: wrong")

    whatsapp.set(default_password=True)
    check(log_in()[2]["errors"][0]["code"] == 1024, "W4: the default password must be changed")
    new = stage.secret("new password", "N3w-passw0rd!")
    body = json.dumps({"new_password": new}).encode()
    check(log_in(body=body)[0] == 200 and log_in(new)[0] == 200, "W4: a new one is accepted")

    whatsapp.set(max_bad_logins=3, limiter_window=600)
    while log_in("wrong")[0] != 429:
        pass
    code, headers, document = log_in(new)
    check(code == 429 and document["errors"][0]["code"] == 1015, "W5: the right one is throttled")
    check("Retry-After" not in headers, "W5: without a hint")
    whatsapp.set(max_bad_logins=0)

    check(whatsapp.ask(client, "POST", "/v1/users/logout", bearer)[0] == 200, "W6: log out")
    check(status("/metrics", bearer) == 401 and status("/metrics", second) == 200, "W6: that one")
    whatsapp.set(forbidden="/metrics")
    check(status("/metrics", second) == 403, "W6: role too small")
    whatsapp.set(forbidden="", api_key="k3y-of-twelve", api_key_paths="/v1/health")
    key = "Apikey k3y-of-twelve"
    check((status("/v1/health", key), status("/metrics", key)) == (200, 403), "W7: by path")

    def page(path):
        return whatsapp.ask(client, "GET", path, second)

    _, headers, text = page("/metrics?format=prometheus")
    check(headers["Content-Type"].startswith("text/html") and text.startswith("# HELP"), "W8: text")
    check("web_uptime" in json.loads(page("/metrics")[2])["metrics"], "W8: JSON")
    check("db_messages" in json.loads(page("/v1/stats/db")[2])["stats"]["db"], "W9: single")
    whatsapp.set(multiconnect=True, empty_maps=True)
    nodes = json.loads(page("/v1/stats/db")[2])["stats"]["db"]
    check(nodes["10.0.0.1:wa-core-0"] == [] and len(nodes) == 2, "W9: multiconnect, empty maps")
    whatsapp.set(core_up=False)
    check(page("/metrics")[0] == 500 and page("/metrics?format=prometheus")[2] == "", "W10: down")
    for form in ("single", "multi", "disconnected", "errors", "no_role"):
        whatsapp.set(health=form)
        check("health" in json.loads(page("/v1/health")[2]), f"W11: {form}")
    check("BEGIN CERTIFICATE" in page("/v1/certificates/external/ca")[2], "W1: its CA")


harness.run(scenario)
