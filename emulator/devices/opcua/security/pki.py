"""Where certificates are kept: our own with its key, whom we trust, whom we turned away (OPC 10000-12 §7.8.2).

``PLANTBENCH_PKI`` names the folder; else it is ``plantbench/pki`` among the user's data.
"""

import contextlib
import hashlib
import os
import secrets
import socket
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.devices.opcua.security import certificates
from emulator.devices.opcua.security.certificates import Identity

_REJECTED: Final = 64  # certificates remembered; whoever sends more has the oldest forgotten
_LARGEST: Final = 256 * 1024  # of a file in a trust list [bytes]
_MOST: Final = 1_000  # files looked at in one folder


def default_folder() -> Path:
    """Return the folder of this user."""
    named = os.environ.get("PLANTBENCH_PKI")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "plantbench" / "pki"


class Pki:
    """One folder of certificates; several servers may share it.

    `own/` certificates and `private/` keys (mode 0600) by application; `trusted/`, `issuers/` certificates (DER or
    PEM, any name) and revocation lists (``*.crl``); `rejected/` what was turned away, to be moved to `trusted/`.

    Parameters
    ----------
    folder
        The folder, made when needed; None for the user's.

    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def own(self, common: str, application_uri: str, now: datetime) -> Identity:
        """Return the identity of an application, made on first use and again when it has expired.

        Raises
        ------
        OSError
            The folder cannot be written.

        """
        stem = f"{common}-{hashlib.sha256(application_uri.encode()).hexdigest()[:8]}"
        certificate_path = self.folder / "own" / f"{stem}.der"
        key_path = self.folder / "private" / f"{stem}.pem"
        hosts = ("localhost", "127.0.0.1", "::1", socket.gethostname())
        with contextlib.suppress(FileNotFoundError, ValueError):
            key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
            made = x509.load_der_x509_certificate(certificate_path.read_bytes())
            same = isinstance(key, rsa.RSAPrivateKey) and key.public_key() == made.public_key()
            if same and made.not_valid_before_utc <= now < made.not_valid_after_utc:
                return Identity(made, key)  # type: ignore[arg-type]
        fresh = certificates.application(common, application_uri, hosts, certificates.new_key(), now)
        pem = fresh.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        put(key_path, pem, secret=True)
        put(certificate_path, fresh.der)
        return fresh

    def certificates(self, folder: str) -> list[x509.Certificate]:
        """Return the readable certificates of `trusted` or `issuers`; what is none is passed over."""
        found = []
        for path in self._files(folder):
            with contextlib.suppress(OSError, ValueError):
                data = path.read_bytes()
                load = x509.load_pem_x509_certificate if data.startswith(b"-----") else x509.load_der_x509_certificate
                found.append(load(data))
        return found

    def revocations(self) -> list[x509.CertificateRevocationList]:
        """Return all revocation lists beside the trusted certificates and the issuers."""
        found = []
        for path in (p for folder in ("trusted", "issuers") for p in self._files(folder) if p.suffix == ".crl"):
            with contextlib.suppress(OSError, ValueError):
                data = path.read_bytes()
                found.append(
                    x509.load_pem_x509_crl(data) if data.startswith(b"-----") else x509.load_der_x509_crl(data)
                )
        return found

    def trust(self, certificate: x509.Certificate, folder: str = "trusted") -> None:
        """Add a certificate to a trust list."""
        der = certificates.encoded(certificate)
        put(self.folder / folder / f"{hashlib.sha1(der).hexdigest()}.der", der)  # noqa: S324 - a name, as OPC UA has it

    def reject(self, der: bytes) -> None:
        """Keep a certificate that was turned away, at most 64 of them, so that a person can look at it."""
        folder = self.folder / "rejected"
        path = folder / f"{hashlib.sha1(der).hexdigest()}.der"  # noqa: S324
        if path.exists():
            return
        put(path, der)
        kept = sorted(folder.glob("*.der"), key=lambda p: p.stat().st_mtime_ns)
        for old in kept[:-_REJECTED]:
            old.unlink(missing_ok=True)

    def _files(self, folder: str) -> list[Path]:
        found = sorted((self.folder / folder).glob("*"))[:_MOST]
        return [path for path in found if path.is_file() and path.stat().st_size <= _LARGEST]


def put(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write a file whole or not at all; a secret one only for its owner."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret else 0o755)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
