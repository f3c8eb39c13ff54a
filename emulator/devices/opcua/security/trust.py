"""Whether a peer's certificate is to be believed: OPC 10000-4 §6.1.3, step by step."""

import itertools
from datetime import datetime
from typing import Final

from asyncua import ua
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from emulator.devices.opcua.security.certificates import encoded
from emulator.devices.opcua.security.pki import Pki
from emulator.devices.opcua.security.suites import Suite

LARGEST_CHAIN: Final = 16_384  # bytes of certificates a peer may send
_DEEPEST: Final = 5  # certificates from an application up to a root


class NotTrusted(Exception):  # noqa: N818 - said of a certificate, not of the program
    """A certificate that is turned away.

    Attributes
    ----------
    status
        What it is turned away with.
    wire
        What the peer is told: before it is trusted only that security checks failed (OPC 10000-4 §6.1.3).

    """

    def __init__(self, status: int, *, trusted: bool = False) -> None:
        super().__init__(ua.StatusCode(status).name)
        self.status = status
        self.wire = status if trusted else ua.StatusCodes.BadSecurityChecksFailed


def split_chain(der: bytes) -> list[x509.Certificate]:
    """Return the certificates of a chain as it stands in a message, the application's first.

    Raises
    ------
    NotTrusted
        There are none, too many, too long, or they are no certificates.

    """
    if not 0 < len(der) <= LARGEST_CHAIN:
        raise NotTrusted(ua.StatusCodes.BadCertificateInvalid)
    found: list[x509.Certificate] = []
    view = der
    while view:
        size = _der_size(view)
        if not 0 < size <= len(view) or len(found) == _DEEPEST:
            raise NotTrusted(ua.StatusCodes.BadCertificateInvalid)
        try:
            found.append(x509.load_der_x509_certificate(view[:size]))
            found[-1].extensions  # noqa: B018 - parsed lazily, and a broken one raises here
        except (ValueError, TypeError, x509.UnsupportedGeneralNameType):
            raise NotTrusted(ua.StatusCodes.BadCertificateInvalid) from None
        view = view[size:]
    return found


def first(der: bytes) -> bytes:
    """Return the first certificate of a chain."""
    return der[: _der_size(der)]


def _der_size(data: bytes) -> int:
    """Return the length of the DER sequence at the start of `data`; 0 if there is none."""
    if len(data) < 4 or data[0] != 0x30:
        return 0
    if data[1] < 0x80:
        return 2 + data[1]
    count = data[1] & 0x7F
    if not 1 <= count <= 3:
        return 0
    return 2 + count + int.from_bytes(data[2 : 2 + count], "big")


def public_key(certificate: x509.Certificate, suite: Suite) -> RSAPublicKey:
    """Return the RSA key of a certificate if the policy allows its length.

    Raises
    ------
    NotTrusted
        It does not, or the key is none.

    """
    try:
        key = certificate.public_key()
    except Exception:  # noqa: BLE001 - whatever a made-up key breaks
        raise NotTrusted(ua.StatusCodes.BadCertificateInvalid) from None
    shortest, longest = suite.rsa_bits
    if not isinstance(key, RSAPublicKey) or not shortest <= key.key_size <= longest:
        raise NotTrusted(ua.StatusCodes.BadCertificatePolicyCheckFailed)
    return key


def application_uris(certificate: x509.Certificate) -> list[str]:
    """Return the application URIs a certificate names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return list(names.get_values_for_type(x509.UniformResourceIdentifier))


def check(chain: list[x509.Certificate], pki: Pki, now: datetime, *, anyone: bool) -> None:
    """Check a client's chain against the trust list.

    Parameters
    ----------
    chain
        The client's certificate and those it sent along.
    pki
        Trust list, issuers and revocation lists.
    now
        The time.
    anyone
        Take certificates that are not in the trust list; signatures, time and revocation count all the same.

    Raises
    ------
    NotTrusted
        With the first rule it breaks.

    """
    try:
        _check(chain, pki, now, anyone=anyone)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType):
        # parts of a certificate are decoded only when somebody looks at them
        raise NotTrusted(ua.StatusCodes.BadCertificateInvalid) from None


def _check(chain: list[x509.Certificate], pki: Pki, now: datetime, *, anyone: bool) -> None:
    trusted = pki.certificates("trusted")
    known = {encoded(one) for one in trusted}
    path = _path(chain, [*trusted, *pki.certificates("issuers")])
    if not anyone and not any(encoded(one) in known for one in path):
        raise NotTrusted(ua.StatusCodes.BadCertificateUntrusted)
    for depth, one in enumerate(path):
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            status = (
                ua.StatusCodes.BadCertificateIssuerTimeInvalid if depth else ua.StatusCodes.BadCertificateTimeInvalid
            )
            raise NotTrusted(status, trusted=True)
    _check_use(path[0])
    _check_revocation(path, pki.revocations())


def _path(chain: list[x509.Certificate], known: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return the certificates from the application's up to a root, each signed by the next."""
    path = [chain[0]]
    while path[-1].issuer != path[-1].subject:
        if len(path) == _DEEPEST:
            raise NotTrusted(ua.StatusCodes.BadCertificateChainIncomplete)  # also a loop
        above = next((c for c in (*chain[1:], *known) if _signs(c, path[-1])), None)
        if above is None or above in path:
            raise NotTrusted(ua.StatusCodes.BadCertificateChainIncomplete)
        path.append(above)
    if not _signs(path[-1], path[-1], root=len(path) > 1):
        raise NotTrusted(ua.StatusCodes.BadCertificateInvalid)
    return path


def _signs(issuer: x509.Certificate, subject: x509.Certificate, *, root: bool = True) -> bool:
    if issuer.subject != subject.issuer:
        return False
    if root:
        try:
            constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        except (x509.ExtensionNotFound, ValueError):
            return False
        if not constraints.ca:
            return False
    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _check_use(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return  # many clients leave it out
    if not (usage.digital_signature and (usage.key_encipherment or usage.data_encipherment)):
        raise NotTrusted(ua.StatusCodes.BadCertificateUseNotAllowed, trusted=True)


def _check_revocation(path: list[x509.Certificate], lists: list[x509.CertificateRevocationList]) -> None:
    for depth, (one, issuer) in enumerate(itertools.pairwise(path)):
        own = [
            crl
            for crl in lists
            if crl.issuer == one.issuer and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        ]
        if not own:
            unknown = ua.StatusCodes.BadCertificateRevocationUnknown
            raise NotTrusted(ua.StatusCodes.BadCertificateIssuerRevocationUnknown if depth else unknown, trusted=True)
        if any(crl.get_revoked_certificate_by_serial_number(one.serial_number) is not None for crl in own):
            revoked = ua.StatusCodes.BadCertificateRevoked
            raise NotTrusted(ua.StatusCodes.BadCertificateIssuerRevoked if depth else revoked, trusted=True)
