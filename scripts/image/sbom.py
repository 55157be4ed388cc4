#!/usr/bin/env python3
"""Writes the packages of the image as SPDX 2.3: sbom.py VERSION BUILD ROOT

Asks dpkg about every file below ROOT, every archive that the linker used, and every included header. The
license notices of each package are included.
"""

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

DEBIAN = pathlib.Path("/usr/share/doc")
BUILT_HERE = pathlib.Path("/usr/local/share/postern")  # libraries.sh writes it
# Headers of shared libraries, or of no library.
HEADERS_ALONE = {"glibc", "linux", "openssl"}


@dataclasses.dataclass(frozen=True, order=True)
class Package:
    name: str
    source: str
    version: str
    architecture: str
    copyright: str

    @property
    def id(self) -> str:
        return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", self.name)


def notices(file: pathlib.Path) -> str:
    """Copyright holders and licenses, without the lists of files (Boost's has 2 MB)."""
    return re.sub(r"^Files(-Excluded)?:.*\n(?:[ \t].*\n)*", "", file.read_text(errors="replace"),
                  flags=re.MULTILINE)


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def owners(files: set[str]) -> set[str]:
    """The Debian packages of these files."""
    # Some packages list files of /usr/lib as /lib.
    asked = sorted({name for file in map(os.path.realpath, files) for name in (file, file.removeprefix("/usr"))})
    found = subprocess.run(["dpkg-query", "--search", *asked], capture_output=True, text=True)
    return {owner.split(":")[0] for line in found.stdout.splitlines() if "diversion" not in line
            for owner in line.rsplit(": ", 1)[0].split(", ")}


def debian(name: str) -> Package:
    fields = output_of("dpkg-query", "--show", "--showformat",
                       "${source:Package}\n${Version}\n${Architecture}\n", name).splitlines()
    return Package(name, *fields, notices(DEBIAN / name / "copyright"))


def built_here(archives: set[str]) -> set[Package]:
    names = {pathlib.Path(archive).name for archive in archives}
    return {Package(folder.name, folder.name, (folder / "version").read_text().strip(), "source",
                    notices(folder / "copyright"))
            for folder in BUILT_HERE.iterdir() if names & set((folder / "libraries").read_text().split())}


def linked(build: pathlib.Path) -> set[str]:
    """The system's archives and objects that are linked into the program."""
    text = (build / "postern.map").read_text()
    return set(re.findall(r"^(/\S+\.a)\(\S+\)$", text, re.MULTILINE)) | \
        set(re.findall(r"^LOAD (/\S+\.o)$", text, re.MULTILINE))


def compiled(build: pathlib.Path) -> set[str]:
    return set(re.findall(r"^    (/usr/\S+)$", output_of("ninja", "-C", str(build), "-t", "deps"),
                          re.MULTILINE))


def described(package: Package) -> dict:
    return {
        "name": package.name,
        "SPDXID": package.id,
        "versionInfo": package.version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"of Debian's source package {package.source}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": package.copyright,
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{package.name}@{package.version.replace('+', '%2B')}"
                                f"?arch={package.architecture}"}],
    }


def main():
    version, build, root = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    present = {"/" + str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    # The package generates the bundle at its installation, so dpkg does not know it.
    shared = {debian(name) for name in owners(present) | {"ca-certificates"}}
    inside = linked(build)
    static = built_here(inside) | {debian(name) for name in owners(inside)}
    known = {package.source for package in shared | static} | HEADERS_ALONE
    headers = {debian(name) for name in owners(compiled(build))}
    static |= {package for package in headers if package.source not in known}
    static = {package for package in static if package.source not in HEADERS_ALONE}

    packages = sorted(shared | static)
    seconds = int(os.environ["SOURCE_DATE_EPOCH"])
    program = {
        "name": "postern", "SPDXID": "SPDXRef-postern", "versionInfo": version,
        "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
        "checksums": [{"algorithm": "SHA256", "checksumValue":
                       hashlib.sha256((root / "usr/bin/postern").read_bytes()).hexdigest()}],
    }
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", program["SPDXID"])]
    relationships += [(program["SPDXID"], "STATIC_LINK", package.id) for package in sorted(static)]
    relationships += [(program["SPDXID"], "DEPENDS_ON", package.id) for package in sorted(shared)]
    contents = [program, *map(described, packages)]
    digest = hashlib.sha256(json.dumps(contents).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"postern-{version}", "documentNamespace": f"urn:postern:{version}:{digest}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: postern-sbom"]},
        "packages": contents,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relationships],
    }
    place = root / "usr/share/postern/sbom.spdx.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(document, indent=1) + "\n")


main()
