"""More samples or bytes than the configuration allows is `limit`."""

import harness
from harness import check, expect_fault


def scenario(stage):
    whatsapp = stage.whatsapp()
    targets = (stage.plain_target(whatsapp, "samples", sample_limit="5")
               + stage.plain_target(whatsapp, "body", body_size_limit="1KiB")
               + stage.plain_target(whatsapp, "labels", label_value_length_limit="3"))
    postern = stage.postern(config="targets:\n" + targets)
    expect_fault(postern, "limit", 502, "samples", mentions="sample_limit")
    expect_fault(postern, "limit", 502, "body", mentions="body_size_limit")
    expect_fault(postern, "limit", 502, "labels", mentions="label_value_length_limit")

    whatsapp.provoke("/metrics", megabytes=1, gzip=False)
    answer = expect_fault(postern, "limit", 502, "body")
    check(answer.whole, "within the hold-back the answer is complete")


harness.run(scenario)
