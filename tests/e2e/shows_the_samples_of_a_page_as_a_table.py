"""/metrics/<target>/display shows the samples of one scrape as a table with a filter: with HELP and TYPE.
Text of the service is never markup, and a very large page is cut with a note. A failed scrape says so in
plain words, with its status.

Screenshots are left in the folder `screenshots` of the build.
"""

import re

import harness
from harness import check, visit

MARKUP = '\\"><script>alert(1)</script><img src=//evil.example/x>'
PAGE = f"""# HELP odd <b>Bold</b> & <script>alert(2)</script>.
# TYPE odd gauge
odd{{a="{MARKUP}"}} 1
# HELP requests_total Answered requests by method and status.
# TYPE requests_total counter
requests_total{{method="GET",code="200"}} 1027
requests_total{{method="GET",code="500"}} 3
requests_total{{method="POST",code="200"}} 41
# HELP latency_seconds How long they took.
# TYPE latency_seconds histogram
latency_seconds_bucket{{le="0.1"}} 900
latency_seconds_bucket{{le="+Inf"}} 1071
latency_seconds_sum 53.5
latency_seconds_count 1071
"""


def scenario(stage):
    shots = stage.build / "screenshots"
    shots.mkdir(exist_ok=True)
    whatsapp = stage.whatsapp()
    whatsapp.provoke("/page", status=200, body=PAGE, content_type="text/plain")
    whatsapp.provoke("/metrics", megabytes=2)
    postern = stage.postern(config="targets:\n" + stage.plain_target(whatsapp, "large") + "".join(
        stage.plain_target(whatsapp, name, pages=f"[{{ path: {path}, format: text }}]")
        for name, path in (("shown", "/page"), ("missing", "/nothing"))))
    base = f"http://127.0.0.1:{postern.port}/"
    url = f"{base}metrics/shown/display"
    read = {"rows": "tr:not(.family) td:first-child", "families": "tr.family", "summary": "h1 + p",
            "found": "#found", "seen": "tbody:not([hidden]) tr:not([hidden])"}
    table, dark, phone, filtered, large, fault = visit(
        {"url": url, "shot": str(shots / "samples.png"), "read": read},
        {"url": url, "shot": str(shots / "samples-dark.png"), "dark": True},
        {"url": url, "shot": str(shots / "samples-phone.png"), "width": 390, "height": 844},
        {"url": url, "shot": str(shots / "samples-filtered.png"), "read": read,
         "steps": [["fill", "#find", "requests GET"]]},
        {"url": f"{base}metrics/large/display", "read": {"summary": "h1 + p"}},
        {"url": f"{base}metrics/missing/display", "shot": str(shots / "samples-fault.png"),
         "read": {"headline": "h1", "content": "main"}})

    for finding in (table, dark, phone, filtered, large):
        check(finding["status"] == 200 and finding["complaints"] == [], f"{finding['complaints']}")
        check(len(finding["requests"]) == 1, f"one request and no other: {finding['requests']}")
        check(finding["wide"] <= 0, f"nothing is cut off at the side: {finding['wide']}")
    check(table["read"]["rows"][0] == f'odd{{a="{MARKUP}"}}', f"markup is text: {table['read']['rows'][0]}")
    check(len(table["read"]["rows"]) == 8 and table["read"]["summary"] == ["8 samples"], f"{table['read']}")
    families = table["read"]["families"]
    check(len(families) == 3 and "<b>Bold</b>" in families[0] and "counter" in families[1]
          and "histogram" in families[2] and "How long they took." in families[2], f"{families}")
    check(filtered["read"]["found"] == ["2 found"], f"the filter finds: {filtered['read']['found']}")
    check(len(filtered["read"]["seen"]) == 3, f"a family and its two: {filtered['read']['seen']}")
    check(re.match(r"the first [\d\u202f]+ of [\d\u202f]+ samples; this table omits the others",
                   large["read"]["summary"][0]), f"the cut is shown: {large['read']['summary']}")
    check(fault["status"] == 502 and fault["read"]["headline"] == ["The service answers with an error."],
          f"a fault in plain words: {fault['read']}")
    check("answered 404" in fault["read"]["content"][0], f"and why: {fault['read']['content']}")

    own = postern.own_metrics()
    check(own.value("postern_scrapes_total", target="shown") == 4, "each view is one scrape")
    check(own.value("postern_http_requests_total", handler="display", code="502") == 1, "and is counted")


harness.run(scenario)
