"""/health, its table, /api/v1/status and the status page show the health that the service claims. Unhealthy
comes with the failing nodes, their roles, reasons and the time of the page. The health is unknown before the
first scrape and if the health page failed. A node has the same name on the health page and on the statistics
pages."""

import json
import re

import harness
from harness import TARGET, check, visit

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def scenario(stage):
    whatsapp = stage.whatsapp(health="multi", multiconnect=True)
    postern = stage.sidecar(whatsapp)
    base = f"http://127.0.0.1:{postern.port}/"

    def told(state: str, status: int, headline: str, color: str):
        """The target in /health, once all four say `state`."""
        for path in ("/health", "/health/"):
            answer = postern.get(path)
            check(answer.status == status, f"{state}: {path} answers {status}, not {answer.status}")
            document = json.loads(answer.body)
            check(document["state"] == document["targets"][0]["state"] == state, f"{state}: {document}")
            table = postern.get(path, headers=BROWSER)
            check(table.status == status and headline in table.body, f"{state}: the table: {table.body}")
        target = document["targets"][0]
        document = postern.status()
        check(document["state"] == document["targets"][0]["state"] == state, f"{state}: {document}")
        check(document["targets"][0]["health"]["healthy"] == target["healthy"], f"{state}: both say the same")
        [page] = visit({"url": base, "wait": ".target", "read": {"shown": f".target.{state} .verdict"}})
        check(len(page["read"]["shown"]) == 1, f"{state} on the status page: {page['read']}")
        check(f'class="{color}"' in table.body, f"{state} is {color}: {table.body}")
        return target

    target = told("unknown", 200, "The health of some targets is unknown.", "soft")
    check(target["healthy"] is None and target["as_of"] is None, f"not scraped yet: {target}")

    metrics = postern.scrape().metrics()
    told("ok", 200, "All targets are healthy.", "good")
    nodes = {name: {dict(labels)["node"] for (_, labels) in metrics.all(name)}
             for name in ("whatsapp_node_up", "callback_queue_size")}
    check(nodes["whatsapp_node_up"] == nodes["callback_queue_size"] and len(nodes["whatsapp_node_up"]) == 2,
          f"a node has one name: {nodes}")

    whatsapp.set(health="disconnected")
    check(postern.scrape().status == 200, "the page is served anyway")
    target = told("unhealthy", 503, "Not all targets are healthy.", "bad")
    check(target["healthy"] is False and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", target["as_of"]), f"{target}")
    failing = [(node["node"] in nodes["whatsapp_node_up"], node["role"], node["reason"])
               for node in target["failing_nodes"]]
    check(sorted(failing) == [(True, "coreapp", "disconnected"), (True, "primary_master", "disconnected")],
          f"the failing nodes: {target}")
    check(len(json.loads(postern.get(f"/health/{TARGET}").body)["nodes"]) == 2, "all nodes of one target")

    whatsapp.provoke("/v1/health", status=500)
    check(postern.scrape().status == 200, "the other pages are served")
    target = told("unknown", 200, "The health of some targets is unknown.", "soft")
    check(target["healthy"] is None and target["failing_nodes"] == [], f"missing without the page: {target}")


harness.run(scenario)
