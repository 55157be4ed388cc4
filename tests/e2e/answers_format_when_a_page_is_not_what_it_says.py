"""HTML with a 200, broken JSON and unescaped labels are `format`, with the offending bytes."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    text = stage.postern(config="targets:\n" + stage.plain_target(whatsapp))
    sidecar = stage.sidecar(whatsapp)
    whatsapp.provoke("/metrics", status=200, body="<html><h1>Maintenance</h1></html>\n",
                     content_type="text/html")
    answer = expect_fault(text, "format", 502, "plain", mentions="line 1")
    check("<html>" in answer.body, f"the bytes are shown: {answer.body}")
    expect_fault(sidecar, "format", 502, harness.TARGET)
    whatsapp.provoke("/metrics", status=200, body='{"metrics":{"a":')
    expect_fault(sidecar, "format", 502, harness.TARGET)
    whatsapp.clear()

    whatsapp.set(unescaped_label=True)
    expect_fault(text, "format", 502, "plain", mentions="agent")
    check(sidecar.scrape().status == 200, "the JSON format escapes it, and so does postern")


harness.run(scenario)
