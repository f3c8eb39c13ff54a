"""Security of an OPC UA client: one policy and mode, a server that is who it says, and no way down from there.

A server certificate is checked in the order of OPC 10000-4, 6.1.3; the first thing wrong is the reason, by its
StatusCode. What GetEndpoints told is compared with what CreateSession tells over the secured channel (5.7.2).
"""

import ipaddress
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from asyncua import Client, ua
from asyncua.crypto import security_policies, uacrypto
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from rigs.devices.device import Device
from twin.clock import WallClock
from twin.connectors.tls import is_here, pki_folder

_POLICIES = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}
_NONE = "http://opcfoundation.org/UA/SecurityPolicy#None"
MAX_FILES = 1000
_NONCES = 100
_DEEPEST = 5  # certificates from a server's up to a root


class InsecureError(ConnectionError):
    """The server is not who it should be, or would lead us to less security than was asked for."""


@dataclass(frozen=True, slots=True)
class Secured:
    """What a client insists on; `policy` None is no security. Certificates are loaded, the password is not shown.

    `nonces` are the last ones the server gave; none may come again.
    """

    policy: type[security_policies.SecurityPolicy] | None = None
    mode: ua.MessageSecurityMode = ua.MessageSecurityMode.None_
    certificate: Path | None = None
    key: Path | None = None
    trusted: tuple[x509.Certificate, ...] = ()
    revoked: tuple[x509.CertificateRevocationList, ...] = ()
    user: str | None = None
    password: "Secret | None" = None
    clear_password: bool = False
    server_name: str | None = None
    nonces: deque[bytes] = field(default_factory=lambda: deque(maxlen=_NONCES), repr=False)


class Secret(str):
    """A text that does not show itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


def secured_of(device: Device, host: str | None = None) -> Secured:
    """Read a device's client settings, its files and its password's variable.

    Where the settings name no files and the device is emulated here, on loopback, the files are those it made.

    Raises
    ------
    ValueError : a file or variable is missing or no use; the message names it
    """
    told = device.opcua.client
    password = None
    if told.password_env is not None:
        if told.password_env not in os.environ:
            raise ValueError(f"the environment variable {told.password_env} with the server's password is not set")
        password = Secret(os.environ[told.password_env])
    if told.endpoint == "None":
        return Secured(user=told.user, password=password, clear_password=told.allow_clear_password)
    name, _, mode = told.endpoint.rpartition("_")
    if told.certificate is not None:
        certificate, key, trust = Path(told.certificate), Path(told.key or ""), Path(told.trusted or "")
    elif is_here(host):
        folder = pki_folder()
        certificate, key, trust = folder / "client" / "client.der", folder / "client" / "client.pem", folder / "own"
    else:
        raise ValueError(f"endpoint {told.endpoint} needs client: certificate, key and trusted in the rig file")
    for path in (certificate, key):
        if not path.is_file():
            raise ValueError(f"{path} is no file; endpoint {told.endpoint} needs the client's certificate and key")
    trusted, revoked = _trust(trust)
    return Secured(
        _POLICIES[name], ua.MessageSecurityMode[mode], certificate, key, trusted, revoked,
        told.user, password, told.allow_clear_password, told.server_name,
    )  # fmt: skip


async def secure(client: Client, probe: Client, secured: Secured) -> list[ua.EndpointDescription]:
    """Find the endpoint that was asked for, check its certificate, and have the client use it; return all endpoints.

    `probe` is a client of the same server used for GetEndpoints alone, without security.

    Raises
    ------
    InsecureError : the endpoint is not offered any more, or the server's certificate is no good
    """
    assert secured.policy is not None
    endpoints: list[ua.EndpointDescription] = await probe.connect_and_get_server_endpoints()
    chosen = [e for e in endpoints if (e.SecurityPolicyUri, e.SecurityMode) == (secured.policy.URI, secured.mode)]
    if not chosen:
        offered = ", ".join(
            sorted({f"{e.SecurityPolicyUri.rpartition('#')[2]} {e.SecurityMode.name}" for e in endpoints})
        )
        raise InsecureError(
            f"the server offers no {secured.policy.URI.rpartition('#')[2]} {secured.mode.name}, only {offered}"
        )
    server = chosen[0]
    host = secured.server_name or urlsplit(client.server_url.geturl()).hostname or ""
    now = datetime.fromtimestamp(WallClock().now_ns() / 1e9, UTC)
    problem = certificate_problem(server.ServerCertificate or b"", host, server.Server.ApplicationUri, secured, now)
    if problem is not None:
        raise InsecureError(problem)
    assert secured.certificate is not None
    leaf = (server.ServerCertificate or b"")[: _size(server.ServerCertificate or b"")]
    own = await uacrypto.load_certificate(secured.certificate)
    client.application_uri = next(iter(_names(own, x509.UniformResourceIdentifier)), client.application_uri)
    await client.set_security(
        secured.policy, secured.certificate, secured.key or "", mode=secured.mode,
        server_certificate=uacrypto.CertProperties(leaf, "der"),
    )  # fmt: skip
    return endpoints


def check_session(
    client: Client,
    secured: Secured,
    before: Sequence[ua.EndpointDescription],
    after: Sequence[ua.EndpointDescription],
) -> None:
    """Check what a new session told, before any user's secret leaves: the endpoints, and how a password would travel.

    Raises
    ------
    InsecureError : the lists offer other security or certificates, or the password would go in clear text
    """
    if before and _kinds(before) != _kinds(after):
        raise InsecureError("Bad_SecurityChecksFailed: GetEndpoints told of other endpoints than CreateSession")
    if secured.user is None or secured.clear_password:
        return
    policy = client.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri or client.security_policy.URI
    if policy == _NONE and client.security_policy.URI == _NONE:
        raise InsecureError("the password would cross the wire in clear text; allow_clear_password permits it")


def check_nonce(nonce: bytes | None, secured: Secured) -> None:
    """Check the nonce a session gave: 32 bytes at least that never came before, or signatures could be replayed.

    Raises
    ------
    InsecureError : it is not (OPC 10000-4, 5.7.2 and 5.7.3)
    """
    if secured.policy is None:
        return
    given = bytes(nonce or b"")
    if len(given) < 32:
        raise InsecureError(f"Bad_NonceInvalid: the server's nonce has {len(given)} bytes, fewer than 32")
    if given in secured.nonces or len(set(given)) == 1:
        raise InsecureError("Bad_NonceInvalid: the server's nonce is none: it came before or is always the same byte")
    secured.nonces.append(given)


def _kinds(endpoints: Sequence[ua.EndpointDescription]) -> set[tuple[object, ...]]:
    """Return what the lists of GetEndpoints and CreateSession must have in common (OPC 10000-4, 5.7.2.2)."""
    return {
        (
            e.SecurityPolicyUri, int(e.SecurityMode), bytes(e.ServerCertificate or b""), int(e.SecurityLevel or 0),
            tuple((t.PolicyId, int(t.TokenType), t.SecurityPolicyUri) for t in e.UserIdentityTokens or ()),
        )
        for e in endpoints
    }  # fmt: skip


def certificate_problem(der: bytes, host: str, uri: str, secured: Secured, now: datetime) -> str | None:
    """Return what is wrong with a server's certificate, by its StatusCode; None when it is good.

    `der` may have the certificates above it behind it (OPC 10000-6, 6.2.6). A certificate that is trusted itself needs
    nobody above it.
    """
    try:
        chain = _split(der)
        path, looped = _path(chain, secured.trusted)
        return _path_problem(path, looped, secured, now) or _own_problem(path, host, uri, secured)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType):
        return "Bad_CertificateInvalid: the server's certificate cannot be read"


def _path_problem(path: list[x509.Certificate], looped: bool, secured: Secured, now: datetime) -> str | None:
    if looped:
        return "Bad_CertificateChainIncomplete: the authorities above the server's certificate vouch for one another"
    key = path[0].public_key()
    if secured.policy is not None and not (isinstance(key, RSAPublicKey) and 2048 <= key.key_size <= 4096):
        size = f"RSA {key.key_size}" if isinstance(key, RSAPublicKey) else "no RSA key"
        return f"Bad_CertificatePolicyCheckFailed: {size}, where the policy wants RSA of 2048 to 4096 bits"
    if not any(one in secured.trusted for one in path):
        return f"Bad_CertificateUntrusted: {path[0].subject.rfc4514_string()} is not in the trust list"
    for one in path:
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            code = "Bad_CertificateTimeInvalid" if one is path[0] else "Bad_CertificateIssuerTimeInvalid"
            return f"{code}: valid from {one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"
    return None


def _own_problem(path: list[x509.Certificate], host: str, uri: str, secured: Secured) -> str | None:
    certificate = path[0]
    if not _is_of(certificate, host):
        return f"Bad_CertificateHostNameInvalid: the certificate is not of {host}"
    uris = _names(certificate, x509.UniformResourceIdentifier)
    if uri not in uris:
        return (
            f"Bad_CertificateUriInvalid: the server calls itself {uri}, its certificate {', '.join(uris) or 'nothing'}"
        )
    for crl in secured.revoked:
        if crl.issuer == certificate.issuer and crl.get_revoked_certificate_by_serial_number(certificate.serial_number):
            return "Bad_CertificateRevoked: its authority has revoked the certificate"
    return None


def _size(data: bytes) -> int:
    """Return the length of the DER sequence at the start of `data`; 0 if there is none of a certificate's size."""
    return 4 + int.from_bytes(data[2:4], "big") if data[:2] == b"\x30\x82" and len(data) > 4 else 0


def _split(der: bytes) -> list[x509.Certificate]:
    """Return the certificates of a chain, the server's first; ValueError if they are none or too many."""
    found: list[x509.Certificate] = []
    while der or not found:
        size = _size(der)
        if not 0 < size <= len(der) or len(found) == _DEEPEST:
            raise ValueError("no chain of certificates")
        found.append(x509.load_der_x509_certificate(der[:size]))
        der = der[size:]
    return found


def _path(chain: list[x509.Certificate], trusted: tuple[x509.Certificate, ...]) -> tuple[list[x509.Certificate], bool]:
    """Return the certificates from the server's up to a trusted one or a root, and whether they form a ring."""
    path = [chain[0]]
    while path[-1] not in trusted and path[-1].issuer != path[-1].subject:
        above = next((one for one in (*trusted, *chain[1:]) if _issued(path[-1], one)), None)
        if above is None:
            break
        if above in path or len(path) == _DEEPEST:
            return path, True
        path.append(above)
    return path, False


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(authority)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return bool(basic.ca)


def _names(certificate: x509.Certificate, kind: type[x509.GeneralName]) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for name in names if isinstance(name, kind)]


def _is_of(certificate: x509.Certificate, host: str) -> bool:
    try:
        return str(ipaddress.ip_address(host)) in _names(certificate, x509.IPAddress)
    except ValueError:
        return host.lower() in (name.lower() for name in _names(certificate, x509.DNSName))


def _trust(place: Path) -> tuple[tuple[x509.Certificate, ...], tuple[x509.CertificateRevocationList, ...]]:
    files = sorted(place.iterdir())[:MAX_FILES] if place.is_dir() else [place]
    certificates: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    for path in files:
        if not path.is_file():
            continue
        data = path.read_bytes()
        pem = data.lstrip().startswith(b"-----")
        try:
            if path.suffix == ".crl" or b"X509 CRL" in data[:100]:
                lists.append(x509.load_pem_x509_crl(data) if pem else x509.load_der_x509_crl(data))
            else:
                certificates += x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)]
        except ValueError:
            raise ValueError(f"{path} is no certificate and no revocation list, PEM or DER") from None
    if not certificates:
        raise ValueError(f"{place} holds no certificate to trust")
    return tuple(certificates), tuple(lists)
