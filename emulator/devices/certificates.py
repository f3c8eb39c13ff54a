"""Certificates of emulated devices, made on first use, and where they are kept.

``PLANTBENCH_PKI`` names the user's folder; else it is ``plantbench/pki`` among the user's data. OPC UA keeps its
application certificates there (`emulator.devices.opcua.security`), and a device with TLS has ``tls/<device>/`` in it:
an authority, the server, and a client for each role, PEM files, keys readable by their owner only.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import ipaddress
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
ANYWHERE: Final = ("0.0.0.0", "::")
ROLE_OID: Final = x509.ObjectIdentifier("1.3.6.1.4.1.50316.802.1")
"""The extension of a client's certificate that names its role (MODBUS/TCP Security v21, chapter 8)."""
TAKEN: Final = ("authority", "server", "nobody")
# Fixed, so that no clock is asked: valid from before any emulated calendar begins until long after.
_FROM: Final = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_TO: Final = dt.datetime(2059, 12, 31, tzinfo=dt.UTC)
_SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
_CLIENT: Final = ExtendedKeyUsageOID.CLIENT_AUTH


def pki_folder() -> Path:
    """Return this user's folder of certificates."""
    named = os.environ.get("PLANTBENCH_PKI")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "plantbench" / "pki"


def tls_folder(device: str) -> Path:
    """Return where the certificates of a device with TLS lie, unless its rig says otherwise."""
    return pki_folder() / "tls" / device


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


def names_of(host: str) -> tuple[str, ...]:
    """Return what clients may dial where a server listens on `host`: loopback's names, and the host's."""
    if host in LOOPBACK:
        return LOOPBACK
    if host not in ANYWHERE:
        return (*LOOPBACK, host)
    own = socket.gethostname()
    with contextlib.suppress(OSError):
        return (*LOOPBACK, own, *sorted({str(info[4][0]) for info in socket.getaddrinfo(own, None)} - set(LOOPBACK)))
    return (*LOOPBACK, own)


def general_names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    """Return host names and addresses as a certificate's alternative names, each once."""
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys(hosts):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host.partition("%")[0])))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


class TlsCertificates:
    """The certificates of one device in a folder.

    Parameters
    ----------
    folder
        Where they lie; they are made on first use.
    hosts
        What the server's certificate must name; it is made anew by the same authority where it does not.

    """

    def __init__(self, folder: Path, hosts: Iterable[str] = LOOPBACK) -> None:
        self.folder = folder
        self.hosts = tuple(hosts)

    @property
    def authority(self) -> Path:
        """The authority's certificate: what a client trusts the server by."""
        return self.folder / "authority.pem"

    def pair(self, name: str) -> tuple[Path, Path]:
        """Return certificate and key of "server" or of a role's client."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def make(self, roles: Iterable[str] = ()) -> None:
        """Make what is missing: authority, server, a client for each role and one without any ("nobody").

        Raises
        ------
        OSError
            The folder cannot be written.

        """
        with self._alone():
            if not all(part.is_file() for part in self.pair("authority")):
                key = ec.generate_private_key(ec.SECP256R1())
                self._keep("authority", key, _authority(key))
                for old in self.pair("server"):  # another authority's
                    old.unlink(missing_ok=True)
            issuer = self._issuer()
            if not self._names_hosts():
                own = ec.generate_private_key(ec.SECP256R1())
                self._keep("server", own, leaf("server", own, issuer, hosts=self.hosts))
            for name in ("nobody", *roles):
                if not self._ours(name, issuer):
                    own = ec.generate_private_key(ec.SECP256R1())
                    self._keep(name, own, leaf(name, own, issuer, role=name if name in roles else None))

    def bad(self, what: str) -> tuple[Path, Path]:
        """Return certificate and key of a server whose certificate breaks one rule, made anew in ``faults/``.

        `what` is of `emulator.devices.tls.WHATS`. Dates are far from today's, so that no calendar is asked.
        """
        key: Key = ec.generate_private_key(ec.SECP256R1())
        issuer, hosts, begin, end = self._issuer(), self.hosts, _FROM, _TO
        if what == "expired":
            end = _FROM + dt.timedelta(days=365)
        elif what == "not_yet_valid":
            begin = _TO - dt.timedelta(days=365)
        elif what == "wrong_host":
            hosts = ("plc.elsewhere.example",)
        elif what == "weak_key":
            key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the fault
        elif what == "unknown_authority":
            stranger = ec.generate_private_key(ec.SECP256R1())
            issuer = _authority(stranger), stranger
        made = leaf("server", key, None if what == "self_signed" else issuer, hosts=hosts, begin=begin, end=end)
        self._keep(f"faults/{what}", key, made)
        return self.pair(f"faults/{what}")

    def stranger(self) -> Path:
        """Return the certificate of an authority that signed nobody's certificate."""
        self._keep("faults/stranger", key := ec.generate_private_key(ec.SECP256R1()), _authority(key))
        return self.pair("faults/stranger")[0]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others who start at the same time from making half of the files."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _issuer(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        certificate, key = self.pair("authority")
        loaded = serialization.load_pem_private_key(key.read_bytes(), password=None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(certificate.read_bytes()), loaded

    def _names_hosts(self) -> bool:
        certificate, key = self.pair("server")
        if not (certificate.is_file() and key.is_file()):
            return False
        made = x509.load_pem_x509_certificate(certificate.read_bytes())
        there = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return set(general_names(self.hosts)) <= set(there)

    def _ours(self, name: str, issuer: tuple[x509.Certificate, Key]) -> bool:
        if not all(part.is_file() for part in self.pair(name)):
            return False
        made = x509.load_pem_x509_certificate(self.pair(name)[0].read_bytes())
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key())
        return made.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value == identifier

    def _keep(self, name: str, key: Key, certificate: x509.Certificate) -> None:
        place, secret = self.pair(name)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        put(secret, pem, secret=True)
        put(place, certificate.public_bytes(serialization.Encoding.PEM))


def leaf(
    name: str,
    key: Key,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    *,
    hosts: Iterable[str] = (),
    role: str | None = None,
    begin: dt.datetime = _FROM,
    end: dt.datetime = _TO,
) -> x509.Certificate:
    """Return a certificate of a server (with `hosts`) or a client, signed by `issuer` or (None) by itself."""
    subject = _name(f"plantbench {name}")
    signer = key if issuer is None else issuer[1]
    builder = _builder(subject, subject if issuer is None else issuer[0].subject, key, begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([_SERVER if hosts else _CLIENT]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(general_names(hosts)), critical=False)
    if role is not None:
        text = role.encode("utf-8")
        value = x509.UnrecognizedExtension(ROLE_OID, bytes((0x0C, len(text))) + text)
        builder = builder.add_extension(value, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("plantbench authority")
    builder = _builder(name, name, key, _FROM, _TO)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_usage(ca=True), critical=True).sign(key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, begin: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


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
