"""The Session service set (OPC 10000-4 §5.6): create, activate on this or another channel, close."""

import hmac
import secrets
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import Primitives, struct_from_binary

from emulator.devices.opcua.security import identity, trust
from emulator.devices.opcua.session import LONGEST_NAME, Session

_NONCE: Final = 32
_LONGEST_URL: Final = 4_096
_FAILURES: Final = 5  # refused log-ins a connection survives


async def create(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.CreateSessionResponse:
    """Create a session on this channel; one that was here before ends (§5.6.2)."""
    params = struct_from_binary(ua.CreateSessionParameters, body)
    core, channel = processor.iserver, processor.channel
    guard, fault = core.guard, core.guard.fault
    uri = params.ClientDescription.ApplicationUri or ""
    if max(len(params.EndpointUrl or ""), len(uri), len(params.SessionName or "")) > _LONGEST_URL:
        raise ServiceError(ua.StatusCodes.BadTcpEndpointUrlInvalid)
    nonce = bytes(params.ClientNonce or b"")
    certificate = bytes(params.ClientCertificate or b"")
    if channel.suite is None and not guard.takes_sessions_without_security:
        raise ServiceError(ua.StatusCodes.BadSecurityPolicyRejected)
    if channel.suite is not None:
        if len(nonce) < _NONCE:
            raise ServiceError(ua.StatusCodes.BadNonceInvalid)
        if trust.first(certificate) != trust.first(channel.peer_der):
            raise ServiceError(ua.StatusCodes.BadCertificateInvalid)
        if uri not in channel.peer_uris:
            raise ServiceError(ua.StatusCodes.BadCertificateUriInvalid)
    if fault.strikes("opcua_too_many_sessions", fault.too_many_sessions):
        raise ServiceError(ua.StatusCodes.BadTooManySessions)
    if processor.session is not None:
        await processor.session.close_session(True)
    await core.make_room()
    session: Session = core.create_session((params.SessionName or "")[:LONGEST_NAME], external=True)
    timeout_ms = guard.session_timeout_ms(float(params.RequestedSessionTimeout or 0))
    processor.session = session
    session.begin(processor, timeout_ms / 1000)
    session.described, session.endpoint_url = params.ClientDescription, params.EndpointUrl or ""
    core.counters.cumulated_session_count += 1
    response = ua.CreateSessionResponse()
    result = response.Parameters
    result.SessionId, result.AuthenticationToken = session.session_id, session.auth_token
    result.RevisedSessionTimeout = timeout_ms
    result.MaxRequestMessageSize = core.max_message_size
    result.ServerEndpoints = core.endpoints_of.all(params.EndpointUrl)
    result.ServerNonce = _new_nonce(session, fault)
    if channel.identity is not None:
        result.ServerCertificate = channel.identity.chain
    if channel.suite is not None:
        signature = channel.suite.sign(channel.identity.key, trust.first(certificate) + nonce)
        if fault.bad_signature:
            fault.note("opcua_wrong_server_signature")
            signature = signature[::-1]
        result.ServerSignature.Algorithm = channel.suite.signature_uri
        result.ServerSignature.Signature = signature
    return response


def _new_nonce(session: Session, fault: Any) -> bytes:
    """Return the server nonce the client must use next; a fault may make it unsound."""
    if fault.nonce is None:
        session.nonce = secrets.token_bytes(_NONCE)
    else:
        fault.note("opcua_wrong_server_nonce", fault.nonce)
        session.nonce = {"reused": bytes(_NONCE), "short": secrets.token_bytes(8), "empty": b""}[fault.nonce]
    return session.nonce


async def activate(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.ActivateSessionResponse:
    """Let a user into a session, on the channel it was created on or on a new one that proves whose it is (§5.6.3)."""
    params = struct_from_binary(ua.ActivateSessionParameters, body)
    core, channel = processor.iserver, processor.channel
    guard, fault = core.guard, core.guard.fault
    session = core.session_of(requesthdr.AuthenticationToken)
    if session is None or (session.processor is not processor and not session.is_activated()):
        raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
    if fault.strikes("opcua_activate_refused", fault.activate_refused):
        raise ServiceError(fault.activate_status)
    try:
        shown = _check_signature(channel, session, params.ClientSignature)
        token, signature = params.UserIdentityToken, params.UserTokenSignature
        login = await identity.login(guard, channel.suite, token, signature, session.nonce or b"", shown)
        _check_taking_over(processor, session, login)
    except (ServiceError, ua.UaStatusCodeError) as refusal:
        core.counters.refuse_session(refusal.code)
        processor.failures += 1
        if processor.failures >= _FAILURES:
            processor.refuse(ua.StatusCodes.BadTooManyOperations)
        raise
    if session.processor is not processor and processor.session not in {None, session}:
        await processor.session.close_session(True)
    session.activate(login, processor)
    core.rebind(session, processor)
    response = ua.ActivateSessionResponse()
    response.Parameters.ServerNonce = _new_nonce(session, fault)
    return response


def _check_signature(channel: Any, session: Session, given: Any) -> bytes:
    """Check the client's proof that it holds its key; returns the certificate it was shown."""
    if channel.identity is None:
        return b""
    leaf, chain = channel.identity.der, channel.identity.chain
    if channel.suite is None:
        return bytes(leaf)
    nonce = session.nonce or b""
    signature = bytes(given.Signature or b"") if given is not None else b""
    for shown in dict.fromkeys((leaf, chain)):  # clients differ in what of a chain they sign
        if channel.suite.is_signed(channel.peer_key, shown + nonce, signature):
            return bytes(shown)
    raise ServiceError(ua.StatusCodes.BadApplicationSignatureInvalid)


def _check_taking_over(processor: Any, session: Session, login: identity.Login) -> None:
    """Check that whoever activates another connection's session is its owner (§5.6.3, §6.7).

    The certificate of the channel or the user proves it. Nothing proves it to an anonymous client without
    security but the token, which cannot be guessed: that is enough once the session's own connection is gone.
    """
    if processor.iserver.session_of(session.auth_token) is not session:
        raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)  # it ended while the password was looked at
    if session.processor is processor:
        return
    channel, before = processor.channel, session.login
    if (channel.suite, channel.mode, channel.peer_der) != session.secured_by:
        raise ServiceError(ua.StatusCodes.BadSecurityChecksFailed)
    if before is None or not hmac.compare_digest(before.user.name.encode(), login.user.name.encode()):
        raise ServiceError(ua.StatusCodes.BadIdentityTokenRejected)
    proven = channel.suite is not None or login.proven
    if not proven and (session.processor is not None or not processor.iserver.guard.settings.reactivate_anonymous):
        raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)


async def close(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.CloseSessionResponse:
    """End the session of this connection (§5.6.4)."""
    session = processor.session
    if session is None or requesthdr.AuthenticationToken != session.auth_token:
        raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
    await session.close_session(bool(Primitives.Boolean.unpack(body)))
    return ua.CloseSessionResponse()


SERVICES: Final = {
    ua.ObjectIds.CreateSessionRequest_Encoding_DefaultBinary: create,
    ua.ObjectIds.ActivateSessionRequest_Encoding_DefaultBinary: activate,
    ua.ObjectIds.CloseSessionRequest_Encoding_DefaultBinary: close,
}
