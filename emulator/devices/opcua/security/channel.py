"""The server's end of a SecureChannel: tokens, sequence numbers, chunks in both directions (OPC 10000-6 §6.7)."""

import asyncio
import secrets
import struct
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary

from emulator.devices.opcua.readservice import plain_chunks
from emulator.devices.opcua.security import opening
from emulator.devices.opcua.security.guard import Guard
from emulator.devices.opcua.security.suites import Keys, Suite

_SYMMETRIC: Final = struct.Struct("<3scIII")  # kind, chunk, size, channel, token
_SEQUENCE: Final = struct.Struct("<II")
_PLAIN: Final = 24  # headers of a symmetric chunk
_BLOCK: Final = 16
_WRAP: Final = (1 << 32) - 1024  # sequence numbers may start again from here on
_GRACE: Final = 1.25  # an expired token is taken this much longer (OPC 10000-4 §5.5.2.1)
_OPEN_REQUEST: Final = ua.NodeId(ua.ObjectIds.OpenSecureChannelRequest_Encoding_DefaultBinary)
Mode = ua.MessageSecurityMode


@dataclass(slots=True)
class Token:
    """A security token and the keys it stands for; without keys under security policy None."""

    id: int
    until: float
    sending: Keys | None = None
    receiving: Keys | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A whole message: its kind, its sequence header and what it carries."""

    kind: bytes
    sequence: ua.SequenceHeader
    body: bytes


def broken(status: int) -> ua.UaStatusCodeError:
    """Return the error that ends a connection."""
    return ua.UaStatusCodeError(status)


class Channel:
    """One SecureChannel from its opening to its end; anything against the rules raises and ends the connection.

    Parameters
    ----------
    guard
        The server's security: identity, policies, trust.
    limits
        What was negotiated in Hello; `max_send_buffer` bounds our chunks, `max_chunk_count` and
        `max_message_size` the peer's messages.

    Attributes
    ----------
    suite, mode
        Security policy (None: none) and mode, settled when it opens.
    peer_der, peer_uris
        The client's certificate and the application URIs it names; empty under policy None.
    expires
        When the last token ends for good, by the event loop's clock [s].

    """

    def __init__(self, guard: Guard, limits: Any) -> None:
        self.guard = guard
        self.id = 0
        self.suite: Suite | None = None
        self.mode = Mode.None_
        self.identity = guard.identity
        self.peer_der = b""
        self.peer_key: Any = None
        self.peer_uris: list[str] = []
        self.expires = 0.0
        self.security_policy = SimpleNamespace(permissions=None)  # asked by the library before it serves
        self._limits = limits
        self._tokens: dict[int, Token] = {}
        self._current: Token | None = None
        self._newest = 0
        self._client_nonce = b""
        self._sequence = 0
        self._peer_sequence: int | None = None
        self._parts: list[bytes] = []
        self._part_bytes = 0
        self._part_request = 0

    def is_open(self) -> bool:
        """Whether it was opened and not closed."""
        return bool(self._tokens)

    def close(self) -> None:
        """Forget keys and unfinished messages."""
        self._tokens.clear()
        self._parts.clear()
        self._current = None

    def receive(self, frame: bytes) -> Received | None:
        """Take a chunk; returns the message it completes.

        Raises
        ------
        ua.UaStatusCodeError
            With the code for the ERR message that ends the connection.

        """
        kind, chunk = frame[:3], frame[3:4]
        plain = opening.read(self, frame) if kind == b"OPN" else self._decrypted(frame)
        if len(plain) < _SEQUENCE.size:
            raise broken(ua.StatusCodes.BadDecodingError)
        number, request = _SEQUENCE.unpack_from(plain)
        self._check_sequence(number)
        body = plain[_SEQUENCE.size :]
        if self._parts and (request != self._part_request or kind != b"MSG"):
            raise broken(ua.StatusCodes.BadSecurityChecksFailed)
        if chunk == b"A":
            self._parts.clear()
            return None
        if chunk == b"C" or self._parts:
            if not self._parts:
                self._part_request, self._part_bytes = request, 0
            self._parts.append(body)
            self._part_bytes += len(body)
            limits = self._limits
            if len(self._parts) > limits.max_chunk_count or self._part_bytes > limits.max_message_size:
                raise broken(ua.StatusCodes.BadTcpMessageTooLarge)
            if chunk == b"C":
                return None
            body = b"".join(self._parts)
            self._parts.clear()
        return Received(kind, ua.SequenceHeader(number, request), body)

    @property
    def unfinished(self) -> bool:
        """Whether a message is still to be completed."""
        return bool(self._parts)

    def open(self, message: Received) -> tuple[int, ua.OpenSecureChannelResponse]:
        """Issue or renew a token; returns the request's handle and the response.

        Raises
        ------
        ua.UaStatusCodeError
            The request is not allowed.

        """
        if nodeid_from_binary(Buffer(message.body)) != _OPEN_REQUEST:
            raise broken(ua.StatusCodes.BadTcpMessageTypeInvalid)
        request = struct_from_binary(ua.OpenSecureChannelRequest, Buffer(message.body))
        wanted = request.Parameters
        renews = wanted.RequestType == ua.SecurityTokenRequestType.Renew
        if renews != self.is_open():
            raise broken(ua.StatusCodes.BadTcpSecureChannelUnknown)
        if not renews:
            if not self.guard.offers(self.suite, wanted.SecurityMode):
                raise broken(ua.StatusCodes.BadSecurityModeRejected)
            self.mode = Mode(wanted.SecurityMode)
            self.id = self.guard.new_channel()
        elif wanted.SecurityMode != self.mode:
            raise broken(ua.StatusCodes.BadSecurityModeRejected)
        nonce = wanted.ClientNonce or b""
        if self.suite is not None and (len(nonce) != self.suite.nonce_bytes or nonce == self._client_nonce):
            raise broken(ua.StatusCodes.BadNonceInvalid)
        self._client_nonce = nonce
        own = b"" if self.suite is None else secrets.token_bytes(self.suite.nonce_bytes)
        lifetime_ms = self.guard.token_lifetime_ms(wanted.RequestedLifetime)
        self._issue(own, lifetime_ms / 1000)
        response = ua.OpenSecureChannelResponse()
        response.Parameters.ServerNonce = own
        token = response.Parameters.SecurityToken
        token.ChannelId, token.TokenId, token.RevisedLifetime = self.id, self._newest, lifetime_ms
        token.CreatedAt = self.guard.now()
        return request.RequestHeader.RequestHandle, response

    def _issue(self, nonce: bytes, lifetime_s: float) -> None:
        """Make the next token; what was sent with the current one stays readable until that expires."""
        self._newest += 1
        self.expires = asyncio.get_running_loop().time() + lifetime_s * _GRACE
        token = Token(self._newest, self.expires)
        if self.suite is not None:
            token.sending = self.suite.derive(self._client_nonce, nonce)
            token.receiving = self.suite.derive(nonce, self._client_nonce)
        kept = {} if self._current is None else {self._current.id: self._current}
        self._tokens = kept | {token.id: token}
        self._current = self._current or token

    def _decrypted(self, frame: bytes) -> bytes:
        """Return sequence header and body of a symmetric chunk, its signature checked."""
        kind, _, _, channel, token_id = _SYMMETRIC.unpack_from(frame)
        token = self._tokens.get(token_id)
        if channel != self.id or not self._tokens:
            raise broken(ua.StatusCodes.BadTcpSecureChannelUnknown)
        if token is None or token.until < asyncio.get_running_loop().time():
            raise broken(ua.StatusCodes.BadSecureChannelTokenUnknown)
        rest = frame[_SYMMETRIC.size :]
        suite, keys = self.suite, token.receiving
        if suite is not None and keys is not None:
            encrypted = self.mode == Mode.SignAndEncrypt
            if encrypted:
                if len(rest) % _BLOCK:
                    raise broken(ua.StatusCodes.BadSecurityChecksFailed)
                rest = keys.decrypt(rest)
            split = len(rest) - suite.signature_bytes
            if split < 0 or not keys.is_signed(frame[: _SYMMETRIC.size] + rest[:split], rest[split:]):
                raise broken(ua.StatusCodes.BadSecurityChecksFailed)
            if encrypted:
                split -= rest[split - 1] + 1
            if split < _SEQUENCE.size:
                raise broken(ua.StatusCodes.BadSecurityChecksFailed)
            rest = rest[:split]
        if token is not self._current and kind != b"CLO":
            self._current = token  # the client has begun to use the new one, so do we
        return rest

    def _check_sequence(self, number: int) -> None:
        last, self._peer_sequence = self._peer_sequence, number
        if last is None or number == last + 1 or (last >= _WRAP and number < 1024):
            return
        raise broken(ua.StatusCodes.BadSequenceNumberInvalid)

    def next_sequence(self) -> int:
        """Return the next sequence number to send; after 4,294,967,295 comes 1."""
        self._sequence = self._sequence + 1 if self._sequence < 0xFFFF_FFFF else 1
        return self._sequence

    def message_to_binary(
        self, message: bytes, message_type: ua.MessageType = ua.MessageType.SecureMessage, request_id: int = 0
    ) -> bytes:
        """Return a message in chunks, as the library asks for it."""
        if message_type == ua.MessageType.SecureOpen:
            return opening.written(self, message, request_id)
        return self.secure(message, request_id)

    def secure(self, message: bytes, request_id: int) -> bytes:
        """Return an encoded service message as chunks: signed and encrypted as the channel is."""
        token = self._current
        if token is None:
            raise broken(ua.StatusCodes.BadSecureChannelClosed)
        limit = self._limits.max_send_buffer
        if token.sending is None or self.suite is None:
            frames, self._sequence = plain_chunks(message, limit, self.id, token.id, request_id, self._sequence)
            return frames
        if self.mode == Mode.SignAndEncrypt:
            return self._encrypted(message, request_id, token.id, token.sending, self.suite.signature_bytes)
        return self._signed(message, request_id, token.id, token.sending, self.suite.signature_bytes)

    def _signed(self, message: bytes, request_id: int, token: int, keys: Keys, signature: int) -> bytes:
        step = self._limits.max_send_buffer - _PLAIN - signature
        view, parts = memoryview(message), []
        for start in range(0, max(1, len(message)), step):
            piece = view[start : start + step]
            chunk = b"F" if start + step >= len(message) else b"C"
            size = _PLAIN + len(piece) + signature
            head = _SYMMETRIC.pack(b"MSG", chunk, size, self.id, token)
            signed = b"".join((head, _SEQUENCE.pack(self.next_sequence(), request_id), piece))
            parts += [signed, keys.sign(signed)]
        return b"".join(parts)

    def _encrypted(self, message: bytes, request_id: int, token: int, keys: Keys, signature: int) -> bytes:
        room = (self._limits.max_send_buffer - _SYMMETRIC.size) // _BLOCK * _BLOCK
        step = room - _SEQUENCE.size - signature - 1
        view, parts = memoryview(message), []
        for start in range(0, max(1, len(message)), step):
            piece = view[start : start + step]
            chunk = b"F" if start + step >= len(message) else b"C"
            padding = -(_SEQUENCE.size + len(piece) + 1 + signature) % _BLOCK
            size = _SYMMETRIC.size + _SEQUENCE.size + len(piece) + 1 + padding + signature
            head = _SYMMETRIC.pack(b"MSG", chunk, size, self.id, token)
            sequence = _SEQUENCE.pack(self.next_sequence(), request_id)
            signed = b"".join((head, sequence, piece, bytes((padding,)) * (padding + 1)))
            parts += [head, keys.encrypt(signed[_SYMMETRIC.size :] + keys.sign(signed))]
        return b"".join(parts)
