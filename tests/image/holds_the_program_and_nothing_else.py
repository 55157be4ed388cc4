"""The image contains the program, its libraries, MariaDB's plugins, the system's CA certificates and a few
lines of configuration, but no shell. The program is hardened, the SBOM names its packages, and the image has
at most 20 MB."""

import fnmatch
import hashlib
import json
import pathlib
import re

from stage import IMAGE, USER, VERSION, check, command, inspected, run
from harness.hardened import missing_hardening

SIZE = 20_000_000
SHARED = {"libc.so.6", "libm.so.6", "libcrypto.so.3", "libssl.so.3"}
FILES = ["usr/bin/postern", "*/ld-linux-*.so.*", *(f"usr/lib/*/{name}" for name in SHARED),
         "usr/lib/*/libmariadb3/plugin/*.so", "etc/nsswitch.conf", "etc/passwd", "etc/group",
         "etc/ssl/certs/ca-certificates.crt", "usr/share/postern/sbom.spdx.json"]
LINKS = {"lib", "lib64", "usr/lib/ssl/cert.pem", "usr/lib/ssl/certs"}
PLUGINS = {"caching_sha2_password.so", "client_ed25519.so", "sha256_password.so"}
# Debian's source packages of the program's libraries, linked or in the image.
SOURCES = {"boost1.74", "ca-certificates", "fmtlib", "gcc-12", "glibc", "libisal", "libseccomp",
           "libxcrypt", "mariadb", "nlohmann-json3", "openssl", "pcre3", "poco", "re2", "simdjson", "spdlog",
           "yaml-cpp", "zlib"}


def check_files(root):
    files = {str(path.relative_to(root)) for path in root.rglob("*")
             if path.is_file() and not path.is_symlink()}
    strangers = {file for file in files if not any(fnmatch.fnmatch(file, form) for form in FILES)}
    check(not strangers, f"nothing else: {strangers}")
    missing = {form for form in FILES if not fnmatch.filter(files, form)}
    check(not missing, f"all that it needs: {missing}")
    check(PLUGINS <= {pathlib.Path(file).name for file in files}, f"the plugins are there: {files}")
    links = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink()}
    check(links <= LINKS, f"no other links: {links}")
    check((root / "tmp").stat().st_mode & 0o7777 == 0o1777 and not list((root / "tmp").iterdir()),
          "an empty /tmp")
    check(f":{USER}:{USER}:" in (root / "etc/passwd").read_text(), "the user has a name")


def check_hardened(program):
    dynamic = command("readelf", "--wide", "--dynamic", program)
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
    needed = {name for name in needed if not name.startswith("ld-linux")}
    check(needed <= SHARED, f"all else is static: {needed}")
    missing = missing_hardening(program)
    check(not missing, f"the program lacks {missing}")
    sections = command("readelf", "--wide", "--sections", program)
    check(".symtab" not in sections and ".debug_info" not in sections, "it is stripped")
    # Poco's, /build/libraries, is the same in each build.
    for folder in (b"/build/postern", b"/build/program"):
        check(folder not in program.read_bytes(), f"{folder} is not in it")


def check_list(root, program):
    document = json.loads((root / "usr/share/postern/sbom.spdx.json").read_text())
    for key in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"):
        check(document.get(key), f"SPDX wants {key}")
    check(document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0", "SPDX 2.3")
    check(re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\dZ", document["creationInfo"]["created"]), "a date")
    packages = {package["SPDXID"]: package for package in document["packages"]}
    check(len(packages) == len(document["packages"]), "each identifier once")
    for name, package in packages.items():
        check(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name), name)
        check({"name", "versionInfo", "downloadLocation", "copyrightText"} <= package.keys(), name)
        check(package["copyrightText"], f"the license of {name}")
    own = packages["SPDXRef-postern"]
    check(own["versionInfo"] == VERSION, "our version")
    check(own["checksums"][0]["checksumValue"] == hashlib.sha256(program.read_bytes()).hexdigest(),
          "it speaks of this program")
    ends = {end for relation in document["relationships"]
            for end in (relation["spdxElementId"], relation["relatedSpdxElement"])}
    check(ends == packages.keys() | {"SPDXRef-DOCUMENT"}, f"each is related, and there: {ends}")
    sources = {package["sourceInfo"].split()[-1] for package in packages.values() if package is not own}
    sources = {"mariadb" if source.startswith("mariadb") else source for source in sources}
    check(sources == SOURCES, f"missing {SOURCES - sources}, unexpected {sources - SOURCES}")
    print(f"{len(packages)} packages", flush=True)


def check_description(image):
    config = image["Config"]
    check(config["User"] == f"{USER}:{USER}" and config["Entrypoint"] == ["/usr/bin/postern"], f"{config}")
    check(image["Healthcheck"]["Test"] == ["CMD", "/usr/bin/postern", "check", "--live"], "a health check")
    labels = {name.removeprefix("org.opencontainers.image."): text
              for name, text in image["Labels"].items()}
    check(labels["version"] == VERSION and labels["title"] == "postern" and
          labels["licenses"] == "Apache-2.0" and labels["description"], f"{labels}")
    said = command("podman", "run", "--rm", IMAGE, "--version")
    check(said == f"postern {VERSION} (revision {labels['revision']})\n", f"{said} {labels}")


def scenario(_):
    image = inspected(IMAGE)
    check_description(image)
    root = pathlib.Path(command("podman", "image", "mount", IMAGE).strip())
    try:
        program = root / "usr/bin/postern"
        check_files(root)
        check_hardened(program)
        check_list(root, program)
        size = sum(path.lstat().st_size for path in root.rglob("*"))
        print(f"{size / 1e6:.1f} MB, the program {program.stat().st_size / 1e6:.1f} MB", flush=True)
        check(max(size, image["Size"]) <= SIZE, f"at most 20 MB: {size}, {image['Size']}")
    finally:
        command("podman", "image", "unmount", IMAGE)


run(scenario)
