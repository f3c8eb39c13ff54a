"""Makes application certificates: the good one of a server, and bad ones on request (OPC 10000-6 §6.2.2)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from emulator.devices.certificates import general_names

YEARS: Final = 5
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate, the certificates above it that are sent along, and the private key.

    `der` is what a peer gets as ours: the certificate alone; `chain` the certificate and those above it, joined.
    """

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """The certificate, encoded."""
        return encoded(self.certificate)

    @property
    def chain(self) -> bytes:
        """The certificate and its issuers, encoded one behind the other."""
        return b"".join(map(encoded, (self.certificate, *self.above)))


def encoded(certificate: x509.Certificate) -> bytes:
    """Return a certificate in DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def new_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a new RSA key; 2,048 bits take a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def name(common: str) -> x509.Name:
    """Return a subject with this common name."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "plantbench"),
        ]
    )


def alternatives(application_uri: str, hosts: Iterable[str]) -> x509.SubjectAlternativeName:
    """Return where an application says who and where it is: its URI, host names and addresses."""
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(application_uri), *general_names(hosts)])


def application(
    common: str,
    application_uri: str,
    hosts: Iterable[str],
    key: rsa.RSAPrivateKey,
    now: dt.datetime,
    *,
    days: tuple[float, float] = (-1.0, 365.0 * YEARS),
    issuer: Identity | None = None,
) -> Identity:
    """Return an application instance certificate, self-signed or by `issuer`.

    Parameters
    ----------
    common
        Common name.
    application_uri, hosts
        What the subject alternative name holds.
    key
        The application's key.
    now
        The time.
    days
        First and last day of validity, counted from `now`.
    issuer
        Who signs; the certificate itself if None.

    """
    signer = key if issuer is None else issuer.key
    subject = name(common)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * _DAY)
        .not_valid_after(now + days[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True,
                key_agreement=False, key_cert_sign=issuer is None, crl_sign=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(alternatives(application_uri, hosts), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )  # fmt: skip
    return Identity(builder.sign(signer, hashes.SHA256()), key)


def authority(common: str, key: rsa.RSAPrivateKey, now: dt.datetime, *, signed_by: Identity | None = None) -> Identity:
    """Return a certificate authority, its own or signed by another one."""
    signer = key if signed_by is None else signed_by.key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(common) if signed_by is None else signed_by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 365 * YEARS * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )  # fmt: skip
    return Identity(builder.sign(signer, hashes.SHA256()), key)


def revocations(issuer: Identity, serials: Iterable[int], now: dt.datetime) -> x509.CertificateRevocationList:
    """Return the revocation list of an authority."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - _DAY)
        .next_update(now + 30 * _DAY)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _DAY).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(issuer.key, hashes.SHA256())
