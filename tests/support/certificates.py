"""Certificates of authorities of one's own, made by the openssl command: faultless ones, and such as clusters have."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Fault(StrEnum):
    """What a strict reading of RFC 5280 misses in an authority's certificates."""

    NONE = "none"
    NO_KEY_IDENTIFIERS = "no key identifiers"
    BASIC_CONSTRAINTS_NOT_CRITICAL = "basic constraints not critical"


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder."""

    folder: Path
    fault: Fault

    @property
    def certificate(self) -> Path:
        """What clients trust."""
        return self.folder / "ca.crt"

    @property
    def _key(self) -> Path:
        return self.folder / "ca.key"

    def issue(self, *names: str) -> ssl.SSLContext:
        """Context of a server that has a certificate for the names, such as ``DNS:localhost`` or ``IP:127.0.0.1``."""
        key, request, certificate = (self.folder / f"server.{suffix}" for suffix in ("key", "csr", "crt"))
        extensions = self.folder / "server.cnf"
        identifiers = "none" if self.fault is Fault.NO_KEY_IDENTIFIERS else "keyid"
        extensions.write_text(
            f"[server]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName={','.join(names)}\n"
            f"extendedKeyUsage=serverAuth\nauthorityKeyIdentifier={identifiers}\nsubjectKeyIdentifier=none\n"
        )
        _openssl("req", "-new", *_new_key(key), "-subj", "/CN=kube-apiserver", "-out", str(request))
        _openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self._key),
            "-set_serial", "2", "-days", "2", "-extfile", str(extensions), "-extensions", "server",
            "-out", str(certificate),
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


def make_authority(folder: Path, fault: Fault = Fault.NONE) -> Authority:
    """A new authority; the folder is made."""
    folder.mkdir()
    authority = Authority(folder, fault)
    critical = "" if fault is Fault.BASIC_CONSTRAINTS_NOT_CRITICAL else "critical,"
    identifier = "none" if fault is Fault.NO_KEY_IDENTIFIERS else "hash"
    configuration = folder / "ca.cnf"
    configuration.write_text(
        "[req]\ndistinguished_name=name\nx509_extensions=ca\nprompt=no\n[name]\nCN=kubernetes\n"
        f"[ca]\nbasicConstraints={critical}CA:TRUE\nkeyUsage=critical,keyCertSign,digitalSignature\n"
        f"subjectKeyIdentifier={identifier}\nauthorityKeyIdentifier=none\n"
    )
    options = ["-config", str(configuration), "-days", "2", "-out", str(authority.certificate)]
    _openssl("req", "-x509", *_new_key(authority._key), *options)
    return authority


def _new_key(path: Path) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(path)]


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"openssl {' '.join(arguments)}: {done.stderr[-2000:]}"
