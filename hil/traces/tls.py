"""Decodes what of TLS travels in clear: records, hellos, certificates up to TLS 1.2, alerts (RFC 5246, RFC 8446).

A line says who spoke and what; random bytes, sessions and signatures are left out, and so are lengths of what is
encrypted. Records of one kind that nobody can read stand in one line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hil.traces.tap import Piece

_VERSIONS: Final = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
_MESSAGES: Final = {
    0: "HelloRequest", 1: "ClientHello", 2: "ServerHello", 4: "NewSessionTicket", 8: "EncryptedExtensions",
    11: "Certificate", 12: "ServerKeyExchange", 13: "CertificateRequest", 14: "ServerHelloDone",
    15: "CertificateVerify", 16: "ClientKeyExchange", 20: "Finished", 22: "CertificateStatus",
}  # fmt: skip
_ALERTS: Final = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 110: "unsupported_extension",
    112: "unrecognized_name", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
_LONGEST: Final = 16_384 + 2_048  # of a record's content (RFC 5246, 6.2.3)
_MOST: Final = 1 << 16  # bytes of one handshake message that are kept


def lines(pieces: Iterable[Piece]) -> list[str]:
    """Return a conversation, a line per message or alert.

    Parameters
    ----------
    pieces
        What travelled, as a tap of a link records it; several connections are told apart, not marked.

    """
    sides: dict[tuple[int, str], _Side] = {}
    found: list[str] = []
    for piece in pieces:
        side = sides.setdefault((piece.connection, piece.direction), _Side())
        for text in side.take(piece.data):
            line = f"{piece.arrow} {text}"
            if not (found and line == found[-1] and line.endswith("encrypted")):
                found.append(line)
    return found


class _Side:
    """One direction of one connection."""

    def __init__(self) -> None:
        self._rest = b""
        self._message = b""
        self._secret = False

    def take(self, data: bytes) -> Iterator[str]:
        """Say what the records in `data` are; what is unfinished waits for more."""
        self._rest += data
        while len(self._rest) >= 5:
            kind, version, length = self._rest[0], self._rest[1:3], int.from_bytes(self._rest[3:5], "big")
            if kind not in (20, 21, 22, 23) or version[0] != 3 or length > _LONGEST:
                yield f"! no TLS: [{self._rest[:16].hex(' ')}{' …' if len(self._rest) > 16 else ''}]"
                self._rest = b""
                return
            if len(self._rest) < 5 + length:
                return
            body, self._rest = self._rest[5 : 5 + length], self._rest[5 + length :]
            yield from self._record(kind, body)

    def _record(self, kind: int, body: bytes) -> Iterator[str]:
        if kind == 20:
            self._secret = True
            yield "ChangeCipherSpec"
        elif kind == 23:
            yield "encrypted"
        elif self._secret:
            yield "alert, encrypted" if kind == 21 else "encrypted"
        elif kind == 21 and len(body) == 2:
            yield f"alert: {'fatal' if body[0] == 2 else 'warning'}, {_ALERTS.get(body[1], body[1])} ({body[1]})"
        elif kind == 21:
            yield "! an alert of another length than two bytes"
        else:
            yield from self._handshake(body)

    def _handshake(self, body: bytes) -> Iterator[str]:
        self._message += body
        while len(self._message) >= 4:
            kind, length = self._message[0], int.from_bytes(self._message[1:4], "big")
            if length > _MOST:
                yield f"! a handshake message of {length} bytes"
                self._message = b""
                return
            if len(self._message) < 4 + length:
                return
            content, self._message = self._message[4 : 4 + length], self._message[4 + length :]
            yield f"{_MESSAGES.get(kind, f'handshake message {kind}')}{_details(kind, content)}"


def _details(kind: int, content: bytes) -> str:
    try:
        if kind in (1, 2):
            return f": {_hello(content, client=kind == 1)}"
        if kind == 11:
            return f": {_certificate(content)}"
    except (IndexError, ValueError, x509.ExtensionNotFound):
        return " ! cannot be read"
    return ""


def _hello(content: bytes, *, client: bool) -> str:
    """Say which versions a hello names: its own field, and the extension that counts since TLS 1.3."""
    at = 35 + content[34]  # version, random, session id
    if client:
        at += 2 + int.from_bytes(content[at : at + 2], "big")
        at += 1 + content[at]
    else:
        at += 3
    at += 2
    named = [int.from_bytes(content[:2], "big")]
    while at + 4 <= len(content):
        kind, length = (int.from_bytes(content[at + o : at + o + 2], "big") for o in (0, 2))
        if kind == 43:
            listed = content[at + 5 : at + 4 + length] if client else content[at + 4 : at + 4 + length]
            named = [int.from_bytes(listed[o : o + 2], "big") for o in range(0, len(listed), 2)]
        at += 4 + length
    known = [_VERSIONS[version] for version in named if version in _VERSIONS]
    return ", ".join(known) or "no version we know"


def _certificate(content: bytes) -> str:
    """Describe the first certificate of a list, as TLS 1.2 sends it."""
    if content[:3] == b"\0\0\0":
        return "none"
    made = x509.load_der_x509_certificate(content[6 : 6 + int.from_bytes(content[3:6], "big")])
    key = made.public_key()
    words = [
        made.subject.rfc4514_string(),
        "self-signed" if made.issuer == made.subject else f"by {made.issuer.rfc4514_string()}",
        f"from {made.not_valid_before_utc:%Y-%m-%d} to {made.not_valid_after_utc:%Y-%m-%d}",
    ]
    try:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    if names is not None:
        words.append("of " + " ".join(str(name.value) for name in names))
    if isinstance(key, RSAPublicKey):
        words.append(f"RSA {key.key_size}")
    return ", ".join(words)
