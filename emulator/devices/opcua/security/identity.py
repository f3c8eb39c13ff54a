"""Who logs in: anonymous, user name, certificate (OPC 10000-4 §7.41), each with what proves it."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua

from emulator import clock
from emulator.devices.opcua.security import passwords, trust
from emulator.devices.opcua.security.endpoints import policy_for_tokens, token_policies
from emulator.devices.opcua.security.guard import Guard
from emulator.devices.opcua.security.roles import PlantUser, Role
from emulator.devices.opcua.security.suites import NONE_URI, Suite

_LONGEST: Final = 4_096  # of an encrypted or clear password [bytes]
_ROLES: Final = {"observer": Role.OBSERVER, "operator": Role.OPERATOR, "engineer": Role.ENGINEER}


@dataclass(frozen=True, slots=True)
class Login:
    """A user let in: role and name, and whether he proved who he is."""

    user: PlantUser
    proven: bool


def _refused(status: int) -> ua.UaStatusCodeError:
    return ua.UaStatusCodeError(status)


async def login(guard: Guard, suite: Suite | None, token: Any, signature: Any, nonce: bytes, shown: bytes) -> Login:
    """Let a user in.

    Parameters
    ----------
    guard
        The server's security.
    suite
        The channel's policy.
    token, signature
        UserIdentityToken and UserTokenSignature of the request.
    nonce
        The session's last server nonce.
    shown
        The server certificate the client was shown.

    Raises
    ------
    ua.UaStatusCodeError
        The token is of a kind that is not offered, makes no sense, or nobody is who it says.

    """
    if token is None or (isinstance(token, ua.ExtensionObject) and token.TypeId == ua.NodeId(ua.ObjectIds.Null)):
        token = ua.AnonymousIdentityToken()  # OPC 10000-4 §5.6.3: none is anonymous
        token.PolicyId = "anonymous"
    kinds = {
        ua.AnonymousIdentityToken: ua.UserTokenType.Anonymous,
        ua.UserNameIdentityToken: ua.UserTokenType.UserName,
        ua.X509IdentityToken: ua.UserTokenType.Certificate,
    }
    kind = kinds.get(type(token))
    if kind is None:
        raise _refused(ua.StatusCodes.BadIdentityTokenInvalid)
    policy = next((one for one in token_policies(guard, suite) if one.TokenType == kind), None)
    if policy is None:
        raise _refused(ua.StatusCodes.BadIdentityTokenRejected)
    if kind == ua.UserTokenType.Anonymous:
        return Login(PlantUser(_ROLES[guard.settings.stranger or "observer"], "anonymous"), proven=False)
    if kind == ua.UserTokenType.UserName:
        return await _by_name(guard, suite, token, policy, nonce)
    return _by_certificate(guard, suite, token, signature, nonce, shown)


async def _by_name(guard: Guard, suite: Suite | None, token: Any, policy: Any, nonce: bytes) -> Login:
    clear = policy.SecurityPolicyUri == NONE_URI
    given = _password(guard, None if clear else policy_for_tokens(guard, suite), token, nonce)
    name = token.UserName or ""
    known = next((user for user in guard.settings.users if user.name == name and user.password), None)
    kept = passwords.NOBODY if known is None else known.password or passwords.NOBODY
    right = await asyncio.to_thread(passwords.is_password, kept, given)  # tens of milliseconds, on purpose
    if known is None or not right:
        raise _refused(ua.StatusCodes.BadUserAccessDenied)
    return Login(PlantUser(_ROLES[known.role], known.name), proven=True)


def _password(guard: Guard, suite: Suite | None, token: Any, nonce: bytes) -> str:
    """Return the password of a token: in clear, or as length, password and nonce, encrypted (§7.41.2.2)."""
    invalid = _refused(ua.StatusCodes.BadIdentityTokenInvalid)
    secret = token.Password or b""
    if len(secret) > _LONGEST:
        raise invalid
    try:
        if suite is None and not token.EncryptionAlgorithm:
            return str(bytes(secret).decode())
        suite = suite or policy_for_tokens(guard, None)
        identity = guard.shown()
        if identity is None or token.EncryptionAlgorithm != suite.encryption_uri:
            raise invalid
        plain = suite.decrypt(identity.key, bytes(secret))
        length = int.from_bytes(plain[:4], "little")
        if not len(nonce) <= length <= len(plain) - 4:
            raise invalid
        word, proof = plain[4 : 4 + length - len(nonce)], plain[4 + length - len(nonce) : 4 + length]
        if not hmac.compare_digest(proof, nonce):
            raise invalid
        return word.decode()
    except ValueError:
        raise invalid from None


def _by_certificate(guard: Guard, suite: Suite | None, token: Any, signature: Any, nonce: bytes, shown: bytes) -> Login:
    der = bytes(token.CertificateData or b"")
    wanted = hashlib.sha256(trust.first(der)).hexdigest()
    known = next((u for u in guard.settings.users if u.certificate and u.certificate.lower() == wanted), None)
    if known is None:
        raise _refused(ua.StatusCodes.BadIdentityTokenRejected)
    used = policy_for_tokens(guard, suite)
    try:
        certificate = trust.split_chain(der)[0]
        key = trust.public_key(certificate, used)
    except trust.NotTrusted:
        raise _refused(ua.StatusCodes.BadIdentityTokenInvalid) from None
    if not certificate.not_valid_before_utc <= clock.calendar() <= certificate.not_valid_after_utc:
        raise _refused(ua.StatusCodes.BadIdentityTokenRejected)
    given = bytes(signature.Signature or b"") if signature is not None else b""
    if signature is None or signature.Algorithm != used.signature_uri or not used.is_signed(key, shown + nonce, given):
        raise _refused(ua.StatusCodes.BadUserSignatureInvalid)
    return Login(PlantUser(_ROLES[known.role], known.name), proven=True)
