"""Where certificates are kept: our own with its key, whom we trust, whom we turned away (OPC 10000-12 §7.8.2)."""

import contextlib
import hashlib
import socket
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.devices.certificates import LOOPBACK, general_names, pki_folder, put
from emulator.devices.opcua.security import certificates
from emulator.devices.opcua.security.certificates import Identity

CLIENT_URI: Final = "urn:plantbench:client"
_REJECTED: Final = 64  # certificates remembered; whoever sends more has the oldest forgotten
_LARGEST: Final = 256 * 1024  # of a file in a trust list [bytes]
_MOST: Final = 1_000  # files looked at in one folder


class Pki:
    """One folder of certificates; several servers may share it.

    `own/` certificates and `private/` keys (mode 0600) by application; `client/` what clients on this machine show;
    `trusted/`, `issuers/` certificates (DER or PEM, any name) and revocation lists (``*.crl``); `rejected/` what was
    turned away, to be moved to `trusted/`.

    Parameters
    ----------
    folder
        The folder, made when needed; None for the user's.

    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or pki_folder()

    def own(self, common: str, application_uri: str, now: datetime, hosts: Iterable[str] = LOOPBACK) -> Identity:
        """Return a server's identity, made on first use and again when it has expired or lacks one of the hosts.

        Raises
        ------
        OSError
            The folder cannot be written.

        """
        stem = f"{common}-{hashlib.sha256(application_uri.encode()).hexdigest()[:8]}"
        places = self.folder / "own" / f"{stem}.der", self.folder / "private" / f"{stem}.pem"
        return _kept(*places, common, application_uri, now, (*hosts, socket.gethostname()))

    def client(self, now: datetime) -> Identity:
        """Return the identity for clients on this machine, ``client/client.der`` and ``.pem``, made on first use.

        Every server with this folder trusts it: whoever may read its key may change the trust list as well.
        """
        places = self.folder / "client" / "client.der", self.folder / "client" / "client.pem"
        made = _kept(*places, "client", CLIENT_URI, now, (*LOOPBACK, socket.gethostname()))
        self.trust(made.certificate)
        return made

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


def _kept(
    certificate_path: Path, key_path: Path, common: str, uri: str, now: datetime, hosts: Iterable[str]
) -> Identity:
    """Return the identity in two files, made anew where it is none, is out of date or does not name a host."""
    hosts = tuple(hosts)
    with contextlib.suppress(FileNotFoundError, ValueError, x509.ExtensionNotFound):
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        made = x509.load_der_x509_certificate(certificate_path.read_bytes())
        named = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        same = isinstance(key, rsa.RSAPrivateKey) and key.public_key() == made.public_key()
        same = same and set(general_names(hosts)) <= set(named)
        if same and made.not_valid_before_utc <= now < made.not_valid_after_utc:
            return Identity(made, key)  # type: ignore[arg-type]
    fresh = certificates.application(common, uri, hosts, certificates.new_key(), now)
    pem = fresh.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    put(key_path, pem, secret=True)
    put(certificate_path, fresh.der)
    return fresh
