"""Certificates of emulated devices: self-signed, made on first use, kept in the user's cache."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
from pathlib import Path

DAYS = 3650


def cache_folder() -> Path:
    """Return where keys and certificates are kept: ``$XDG_CACHE_HOME`` or ``~/.cache``, in ``plantbench/tls``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "plantbench" / "tls"


def own_certificate(name: str = "device", folder: Path | None = None) -> tuple[Path, Path]:
    """Return the files of a certificate for loopback and of its key; both are made if one is missing.

    Parameters
    ----------
    name
        File stem and common name.
    folder
        Where they lie; the cache unless told otherwise.

    Raises
    ------
    OSError
        The folder cannot be written.

    """
    folder = cache_folder() if folder is None else folder
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    if not (certificate.is_file() and key.is_file()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made, secret = _make(name)
        _write(key, secret)
        _write(certificate, made)
    return certificate, key


def server_context(name: str = "device", folder: Path | None = None) -> ssl.SSLContext:
    """Return a TLS context with the device's own certificate, TLS 1.2 and above."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*own_certificate(name, folder))
    return context


def _write(path: Path, data: bytes) -> None:
    """Put a file in place whole, readable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    draft.replace(path)


def _make(name: str) -> tuple[bytes, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"plantbench {name}")])
    # Valid since before any emulated calendar begins, so that runs in the past verify too.
    begin = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return built.public_bytes(serialization.Encoding.PEM), secret
