"""A certificate authority of the scenario, by openssl."""

import dataclasses
import ipaddress
import pathlib
import shutil
import subprocess


@dataclasses.dataclass(frozen=True)
class Pair:
    certificate: pathlib.Path  # PEM
    key: pathlib.Path


def _openssl(*arguments, days_ago: int = 0):
    before = ["faketime", f"{days_ago} days ago"] if days_ago else []
    done = subprocess.run([*before, "openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


def encrypt_key(pair: Pair, to: pathlib.Path, password: str):
    """The key as PEM, encrypted with the password."""
    _openssl("pkcs8", "-topk8", "-in", pair.key, "-out", to, "-passout", f"pass:{password}")


def bundle(pair: Pair, authority: pathlib.Path, to: pathlib.Path, password: str, *flags: str):
    """Key, certificate and authority as PKCS #12."""
    _openssl("pkcs12", "-export", "-in", pair.certificate, "-inkey", pair.key, "-certfile",
             authority, "-out", to, "-passout", f"pass:{password}", *flags)


def _alternative_name(name: str) -> str:
    if name.startswith("spiffe://"):
        return f"URI:{name}"
    try:
        ipaddress.ip_address(name)
        return f"IP:{name}"
    except ValueError:
        return f"DNS:{name}"


class Authority:
    def __init__(self, folder: pathlib.Path, name: str = "Scenario CA", issuer=None,
                 days_ago: int = 0):
        """All its certificates are valid since then."""
        folder.mkdir()
        self._days_ago = days_ago
        self._folder = folder
        self._count = 0
        self.certificate = folder / "ca.crt"
        self._key = folder / "ca.key"
        signed_by = ["-CA", issuer.certificate, "-CAkey", issuer._key] if issuer else []
        _openssl("req", "-x509", *signed_by, "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", self._key, "-out",
                 self.certificate, "-days", 30, "-subj", f"/CN={name}", "-addext",
                 "keyUsage=critical,keyCertSign,cRLSign", days_ago=days_ago)

    def publish_crl(self, to: pathlib.Path, *revoked: Pair, expired: bool = False):
        """Writes a certificate revocation list of these certificates, by rename."""
        index, settings, fresh = (self._folder / name for name in ("index", "crl.cnf", "crl.new"))
        index.write_text("")
        settings.write_text(f"[ca]\ndefault_ca=this\n[this]\ndatabase={index}\ndefault_md=sha256\n"
                            "default_crl_days=30\n")
        common = ["ca", "-config", settings, "-cert", self.certificate, "-keyfile", self._key]
        for pair in revoked:
            _openssl(*common, "-revoke", pair.certificate)
        dates = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"]
        _openssl(*common, "-gencrl", "-out", fresh, *(dates if expired else []))
        shutil.copy(fresh, f"{to}.new")
        pathlib.Path(f"{to}.new").rename(to)

    def issue(self, *names: str, days: int = 30, days_ago: int = 0) -> Pair:
        """A certificate for these host names, addresses or SPIFFE IDs, for clients and servers.

        With `days` below zero it has expired; with `days_ago` that much of its lifetime has passed.
        """
        self._count += 1
        name = names[0].replace(":", "_").replace("/", "_")
        stem = self._folder / f"{self._count}-{name}"
        pair = Pair(stem.with_suffix(".crt"), stem.with_suffix(".key"))
        request, extensions = stem.with_suffix(".csr"), stem.with_suffix(".ext")
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n"
            "keyUsage=critical,digitalSignature\n"
            "subjectAltName=" + ",".join(map(_alternative_name, names)) + "\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", pair.key, "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-days", days, "-extfile", extensions,
                 "-out", pair.certificate, days_ago=days_ago or self._days_ago)
        return pair
