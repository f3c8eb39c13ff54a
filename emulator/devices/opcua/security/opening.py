"""OpenSecureChannel on the wire: one chunk, signed and encrypted with RSA unless the policy is None (§6.7.2.3)."""

import hashlib
import hmac
import struct
from typing import Any, Final

from asyncua import ua

from emulator.devices.opcua.security import trust
from emulator.devices.opcua.security.suites import NONE_URI

_HEAD: Final = struct.Struct("<3scII")
_LENGTH: Final = struct.Struct("<i")
_SEQUENCE: Final = struct.Struct("<II")
_LONGEST_URI: Final = 255
_FAILED: Final = ua.StatusCodes.BadSecurityChecksFailed


def _broken(status: int) -> ua.UaStatusCodeError:
    return ua.UaStatusCodeError(status)


def _string(frame: bytes, at: int, longest: int) -> tuple[bytes, int]:
    """Return a length-prefixed string and where it ends; null is empty."""
    if at + 4 > len(frame):
        raise _broken(ua.StatusCodes.BadDecodingError)
    (length,) = _LENGTH.unpack_from(frame, at)
    at += 4
    if length > longest or at + max(0, length) > len(frame) or length < -1:
        raise _broken(ua.StatusCodes.BadDecodingError)
    end = at + max(0, length)
    return frame[at:end], end


def read(channel: Any, frame: bytes) -> bytes:
    """Return sequence header and request of an OPN chunk, decrypted and believed; settles the channel's policy.

    Raises
    ------
    ua.UaStatusCodeError
        The policy is not offered, the certificate not trusted, the signature wrong, or the bytes make no sense.

    """
    uri, at = _string(frame, _HEAD.size, _LONGEST_URI)
    certificate, at = _string(frame, at, trust.LARGEST_CHAIN)
    thumbprint, at = _string(frame, at, 20)
    if channel.is_open() and _HEAD.unpack_from(frame)[3] != channel.id:
        raise _broken(ua.StatusCodes.BadTcpSecureChannelUnknown)
    if uri == NONE_URI.encode():
        if channel.is_open() and channel.suite is not None:
            raise _broken(ua.StatusCodes.BadSecurityPolicyRejected)
        return frame[at:]
    suite = channel.guard.suite(uri.decode("ascii", "replace"))
    if suite is None or (channel.is_open() and suite is not channel.suite):
        raise _broken(ua.StatusCodes.BadSecurityPolicyRejected)
    if channel.is_open():
        if certificate != channel.peer_der:
            raise _broken(_FAILED)
    else:
        channel.identity = channel.guard.shown()  # what a fault shows now, this channel shows to its end
        channel.guard.admit(channel, certificate, suite)
        channel.suite, channel.peer_der = suite, certificate
    if not hmac.compare_digest(thumbprint, hashlib.sha1(channel.identity.der).digest()):  # noqa: S324 - as OPC UA has it
        raise _broken(_FAILED)
    return _opened(channel, frame, at)


def _opened(channel: Any, frame: bytes, at: int) -> bytes:
    own, suite = channel.identity.key, channel.suite
    try:
        plain = suite.decrypt(own, frame[at:])
    except ValueError:
        raise _broken(_FAILED) from None
    split = len(plain) - channel.peer_key.key_size // 8
    if split < 0 or not suite.is_signed(channel.peer_key, frame[:at] + plain[:split], plain[split:]):
        raise _broken(_FAILED)
    plain = plain[:split]
    if own.key_size > 2048:  # the padding's length takes two bytes
        end = len(plain) - 2 - int.from_bytes(plain[-2:], "little") if len(plain) > 1 else -1
    else:
        end = len(plain) - 1 - plain[-1] if plain else -1
    if end < _SEQUENCE.size:
        raise _broken(_FAILED)
    return bytes(plain[:end])


def written(channel: Any, message: bytes, request_id: int) -> bytes:
    """Return an OpenSecureChannel response as its one chunk."""
    suite = channel.suite
    sequence = _SEQUENCE.pack(channel.next_sequence(), request_id)
    if suite is None:
        security = _sized(NONE_URI.encode()) + _sized(None) + _sized(None)
        size = _HEAD.size + len(security) + len(sequence) + len(message)
        return _HEAD.pack(b"OPN", b"F", size, channel.id) + security + sequence + message
    identity, peer = channel.identity, channel.peer_key
    thumbprint = hashlib.sha1(trust.first(channel.peer_der)).digest()  # noqa: S324
    security = _sized(suite.uri.encode()) + _sized(identity.chain) + _sized(thumbprint)
    block, plain_block = peer.key_size // 8, peer.key_size // 8 - suite.overhead
    extra = 1 if peer.key_size > 2048 else 0
    signature = identity.key.key_size // 8
    unpadded = len(sequence) + len(message) + 1 + extra + signature
    padding = -unpadded % plain_block
    size = _HEAD.size + len(security) + (unpadded + padding) // plain_block * block
    low, high = padding & 0xFF, padding >> 8
    filled = bytes((low,)) * (padding + 1) + (bytes((high,)) if extra else b"")
    head = _HEAD.pack(b"OPN", b"F", size, channel.id) + security
    plain = sequence + message + filled
    return head + suite.encrypt(peer, plain + suite.sign(identity.key, head + plain))


def _sized(data: bytes | None) -> bytes:
    return _LENGTH.pack(-1) if data is None else _LENGTH.pack(len(data)) + data
