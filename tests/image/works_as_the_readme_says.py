"""The "By hand" section of helm/README.md works word for word: Prometheus scrapes the resulting pod. The test
creates the Secrets from the named files, and runs the manifest and the `podman run` line. It changes only
what podman 4.3 does not support (stage.playable)."""

import http.client
import pathlib
import subprocess

import readme_manifest
from stage import (ENVIRONMENT, IMAGE, LOOK_ALIKE, ROOT, VERSION, Pod, check, command, harness, inspected,
                   playable, readable_by_all, run, wait_for)
from harness.namespaces import enter_own_namespaces

_POSTERN = f"{readme_manifest.REGISTRY}/postern:{VERSION}"
_CERTIFICATES = "/certificates"


def image_of_the_service(stage, name: str):
    """The fake service with the README's name of the service: with its certificates, on port 443."""
    server = stage.folder_for("server")
    pair = stage.authority.issue("whatsapp-web")
    for file, source in (("ca.crt", stage.authority.certificate), ("tls.crt", pair.certificate),
                         ("tls.key", pair.key)):
        (server / file).write_bytes(source.read_bytes())
    command_line = ["--listen", "127.0.0.1:443", "--control", "127.0.0.1:0", "--password", harness.PASSWORD,
                    "--cert", f"{_CERTIFICATES}/tls.crt", "--key", f"{_CERTIFICATES}/tls.key",
                    "--ca", f"{_CERTIFICATES}/ca.crt"]
    container = command("buildah", "from", "--pull-never", LOOK_ALIKE).strip()
    command("buildah", "copy", container, server, _CERTIFICATES)
    command("buildah", "config", f"--cmd={' '.join(command_line)}", container)
    policy = pathlib.Path(ENVIRONMENT["CONTAINERS_CONF"]).parent / "policy.json"
    command("buildah", "commit", "--rm", f"--signature-policy={policy}", container, name)


def folders_of_the_secrets(stage) -> dict[str, pathlib.Path]:
    """Maps the name of each Secret of the README to exactly the files that the reader puts there."""
    have = {file.name: file for folder in (stage.tls_folder(), stage.credentials_folder())
            for file in folder.iterdir()}
    folders = {}
    for name, files in readme_manifest.secrets().items():
        folders[name] = stage.folder_for(name)
        for file in files:
            (folders[name] / file).write_bytes(have[file].read_bytes())
    readable_by_all(*folders.values())
    return folders


def answers(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def plain_prometheus(stage):
    """With the scrape configuration that the README names."""
    text = (ROOT / "helm/files/scrape/plain.yml").read_text()
    jobs = text.split("scrape_configs:\n", 1)[1].replace("- job_name:", "- scrape_interval: 1s\n    job_name:")
    return stage.prometheus(jobs)


def check_scraped(stage):
    prometheus = plain_prometheus(stage)
    for job in ("whatsapp-svc", "postern"):
        wait_for(lambda: prometheus.ask(f'query?query=up{{job="{job}"}}==1')["result"],
                 f"Prometheus scrapes {job}", 30)
    prometheus.stop()


def the_manifest(stage):
    pod = readme_manifest.manifest()
    service, sidecar = pod["spec"]["containers"]
    check(sidecar["image"] == _POSTERN, f"the README has this version: {sidecar['image']}")
    image_of_the_service(stage, service["image"])
    folders = folders_of_the_secrets(stage)
    named = {volume["secret"]["secretName"] for volume in pod["spec"]["volumes"] if "secret" in volume}
    check(named == set(folders), f"the Secrets are those of the manifest: {named}, {set(folders)}")
    played = Pod([playable(pod, folders)], stage.folder_for("pod"))
    try:
        wait_for(lambda: answers(3000, "/metrics") == 200, f"it works: {played.logs('postern')}", 30)
        print(played.execute("postern", "postern", "check"))
        check_scraped(stage)
    finally:
        played.stop()


def the_podman_line(stage):
    line = readme_manifest.podman_line()
    check(line.endswith(" " + _POSTERN), f"the README has this version: {line}")
    home = stage.folder_for("home")
    folders = folders_of_the_secrets(stage)
    for name, folder in zip(("tls", "credentials"), folders.values(), strict=True):
        folder.rename(home / name)
    whatsapp = stage.whatsapp(port=443)
    subprocess.run(["bash", "-ec", line], cwd=home, env=ENVIRONMENT, check=True)
    try:
        wait_for(lambda: answers(3000, "/metrics") == 200, "it works", 30)
        check(whatsapp.counters()["logins"] == 1, "by one login")
        command("podman", "healthcheck", "run", "postern")
        check_scraped(stage)
        command("podman", "stop", "postern")
        check(inspected("postern")["State"]["ExitCode"] == 0, "it ends well")
    finally:
        command("podman", "rm", "--force", "--time=2", "postern")


def scenario(stage):
    stage.folder.chmod(0o711)
    command("podman", "tag", IMAGE, _POSTERN)
    the_manifest(stage)
    the_podman_line(stage)


# podman opens the ports of the manifest on the host: the scenario uses its own port.
enter_own_namespaces()
run(scenario)
