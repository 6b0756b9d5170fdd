"""Certificates for TLS tests, made by openssl: authorities, and what they sign."""

import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, in PEM files."""

    file: Path
    key: Path

    @property
    def sha256(self) -> str:
        """What a device is bound by."""
        der = ssl.PEM_cert_to_DER_cert(self.file.read_text())
        return hashlib.sha256(der).hexdigest()


def authority(folder: Path, name: str) -> Certificate:
    """Make a certificate authority."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    _openssl(
        *f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext".split(),
        "keyUsage=critical,keyCertSign",
        *("-keyout", made.key, "-out", made.file),
    )
    return made


def issued(folder: Path, name: str, by: Certificate) -> Certificate:
    """Make a certificate for 127.0.0.1, signed by an authority."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    request, extension = folder / f"{name}.csr", folder / f"{name}.ext"
    extension.write_text("subjectAltName=IP:127.0.0.1\n")
    _openssl(
        *f"req -newkey rsa:2048 -nodes -subj /CN={name}".split(),
        *("-keyout", made.key, "-out", request),
    )
    _openssl(
        *("x509", "-req", "-days", "2", "-CAcreateserial"),
        *("-in", request, "-out", made.file, "-extfile", extension),
        *("-CA", by.file, "-CAkey", by.key),
    )
    return made


def _openssl(*arguments: object) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
