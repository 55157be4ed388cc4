"""`postern inject` answers AdmissionReviews over HTTPS: a labeled pod gets its sidecar, whose environment the
daemon accepts. An injected pod does not change. A bad annotation and a bad configuration are refused with a
message. Without --inject.count-missed-pods it sends no requests to the API server. It counts and logs its
results, reloads a renewed certificate, and prints the same pod by --pod."""

import json
import shutil
import subprocess

import harness
from harness import check, wait_for
from harness.injector import patched, pod, review_of


def tls_folder_of(stage):
    return stage.tls_folder(pair=stage.authority.issue("localhost"))


def scenario(stage):
    tls = tls_folder_of(stage)
    injector = stage.injector("--log.level=debug", "--inject.image=registry.example/postern:1",
                              "--inject.default=requests-memory=24Mi", tls=tls)
    check(injector.probe("/-/ready") == 200, "it is ready with its certificate")

    response = injector.review(pod())
    check(response["allowed"] and response["patchType"] == "JSONPatch", f"{response}")
    made = patched(pod(), response)
    sidecar = made["spec"]["containers"][1]
    check((sidecar["name"], sidecar["image"]) == ("postern", "registry.example/postern:1"), f"{sidecar}")
    check(sidecar["resources"]["requests"]["memory"] == "24Mi", "the fleet's default applies")
    check(made["metadata"]["labels"]["postern.io/status"] == "injected", "the pod is marked")
    check("patch" not in injector.review(made), "the second time nothing changes")
    check(injector.review(pod(), dryRun=True) == response, "a dry run gets the same answer")

    environment = {each["name"]: each["value"] for each in sidecar["env"]}
    for name in ("POSTERN_TLS_DIR", "POSTERN_CREDENTIALS_DIR"):
        environment[name] = str(stage.folder_for(name))
    known = subprocess.run([stage.build / "postern", "--config.check"], env=environment,
                           capture_output=True, text=True)
    check(known.returncode != 2, f"the daemon accepts the sidecar's environment: {known.stderr}")

    refused = injector.review(pod(limits_memory="64"))
    check(not refused["allowed"] and refused["status"]["code"] == 422, f"{refused}")
    check(refused["status"]["message"] == "postern: postern.io/limits-memory: is less than 1Mi, "
          "expected for instance 64Mi", refused["status"]["message"])
    job = pod()
    job["spec"]["restartPolicy"] = "Never"
    check("it would never end" in injector.review(job)["status"]["message"], "a Job gets the reason")
    plain = pod()
    del plain["metadata"]["labels"]["postern.io/inject"]
    unlabeled = injector.review(plain)
    check(unlabeled.keys() == {"uid", "allowed", "warnings"}, "a pod without the label is admitted")
    check("gets no sidecar without the label" in unlabeled["warnings"][0], "with a warning")
    plain["metadata"]["annotations"] = {}
    check(injector.review(plain).keys() == {"uid", "allowed"}, "without one if it has no annotations")

    config = {"kind": "ConfigMap", "metadata": {"labels": {"postern.io/config": "true"}},
              "data": {"postern.yml": "targets:\n  - name: a\n    url: https://localhost\n"}}
    check(injector.review(config)["allowed"], "a valid configuration")
    config["data"]["postern.yml"] += "    tls_confg: {}\n"
    message = injector.review(config, operation="UPDATE")["status"]["message"]
    check("postern.yml:4:5: " in message and "tls_config" in message, message)

    metrics = injector.metrics()
    counts = {key[1]: value for key, value in metrics.all("postern_inject_requests_total").items()}
    counts = {dict(labels)["result"]: value for labels, value in counts.items()}
    check(counts == {"injected": 2, "already": 1, "ignored": 1, "unlabeled": 1, "refused": 2, "config_accepted": 1,
                     "config_refused": 1, "bad_request": 0}, f"{counts}")
    check(injector.api_requests() == {"ok": 0, "refused": 0, "failed": 0}, "no API server is known")
    check(metrics.value("postern_inject_native_sidecar") == 0, "auto means false without a cluster")
    expiry = "postern_inject_certificate_not_after_timestamp_seconds"
    before = metrics.value(expiry)
    log = injector.process.output()
    check(log.count("msg=refused") == 3 and log.count("result=injected") == 2, "each is in the log")

    renewed = stage.authority.issue("localhost", days=90)
    shutil.copy(renewed.key, tls / "tls.key")
    shutil.copy(renewed.certificate, tls / "tls.crt")
    wait_for(lambda: injector.metrics().value(expiry) > before, "a renewed certificate is reloaded")
    check(injector.review(pod()) == response, "and served with")
    (tls / "tls.crt").write_text("half a certif")
    wait_for(lambda: "is not reloaded, the last one stays in use" in injector.process.output(), "a bad one is not")
    check(injector.review(pod()) == response and injector.probe("/-/ready") == 200, "the last one stays")

    # Nobody listens there: a request fails at once.
    nowhere = (f"--kube.api-server=https://127.0.0.1:{harness.free_port()}", "--native-sidecar=false")
    silent = stage.injector(*nowhere, "--inject.count-missed-pods=false", tls=tls_folder_of(stage))
    asking = stage.injector(*nowhere, tls=tls_folder_of(stage))
    wait_for(lambda: asking.api_requests()["failed"] > 0, "pods are counted by default")
    check(silent.api_requests() == {"ok": 0, "refused": 0, "failed": 0}, "without the count it sends no requests")
    check(silent.probe("/-/ready") == 200 and silent.review(pod())["allowed"], "and injects")

    printed = subprocess.run(
        [stage.build / "postern", "inject", "--pod=-", "--inject.image=registry.example/postern:1",
         "--inject.default=requests-memory=24Mi"],
        input=json.dumps(review_of(pod())["request"]["object"]), capture_output=True, text=True)
    check(printed.returncode == 0 and json.loads(printed.stdout) == made, "--pod prints the same pod")
    check(injector.stop() == 0, "it ends well")

    wrong = subprocess.run([stage.build / "postern", "inject", f"--tls.dir={tls}",
                            "--inject.default=limits-memory=64"],
                           capture_output=True, text=True)
    check(wrong.returncode == 2 and "limits-memory: is less than 1Mi" in wrong.stderr,
          f"a default that no pod could have is refused at start: {wrong.stderr}")


harness.run(scenario)
