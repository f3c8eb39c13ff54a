"""Certificates for Modbus/TCP Security, made on first use: an authority, the server, and a client for each role."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

ROLE_OID: Final = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")
_YEARS: Final = dt.timedelta(days=3650)
# Fixed, so that no clock is asked: valid from long ago to long after.
_FROM: Final = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_TO: Final = _FROM + 4 * _YEARS


class Certificates:
    """The certificates of one device in a folder: PEM files, keys readable by their owner only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def authority(self) -> Path:
        """The authority's certificate: what a client trusts the server by."""
        return self._folder / "authority.pem"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Return certificate and key of "server" or of a role's client."""
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    def make(self, roles: tuple[str, ...]) -> None:
        """Make what is missing: authority, server, a client for each role and one without any ("nobody")."""
        wanted = ["server", "nobody", *roles]
        if self.authority.exists() and all(part.exists() for name in wanted for part in self.pair(name)):
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = _name("plantbench authority")
        authority = _builder(issuer, issuer, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        authority = authority.add_extension(_usage(ca=True), True)
        root = authority.sign(key, hashes.SHA256())
        self.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        for name in wanted:
            own = ec.generate_private_key(ec.SECP256R1())
            builder = _leaf(_builder(_name(f"plantbench {name}"), issuer, own), key, server=name == "server")
            if name in roles:
                text = name.encode("utf-8")
                value = x509.UnrecognizedExtension(ROLE_OID, bytes((0x0C, len(text))) + text)
                builder = builder.add_extension(value, critical=False)
            certificate, place = self.pair(name)
            certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
            _write_secret(
                place,
                own.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                ),
            )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _leaf(
    builder: x509.CertificateBuilder, authority: ec.EllipticCurvePrivateKey, *, server: bool
) -> x509.CertificateBuilder:
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if server:
        hosts = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return builder


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _write_secret(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
