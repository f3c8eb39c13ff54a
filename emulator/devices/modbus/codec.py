"""Modbus TCP framing: bytes in, requests out; answers in, bytes out. No sockets, no clock.

The header is MB-TCP V1.0b, 3.1.3: transaction id, protocol id (0), length of what follows (unit and PDU),
unit. A stream that breaks the header rules cannot be trusted to find its next frame again, so every malformed
header ends the conversation: the codec reports it once and takes no further bytes.
"""

from __future__ import annotations

import struct
from typing import ClassVar, Final, NamedTuple

# MB-APP V1.1b3, 4.1: a PDU is at most 253 bytes; the MBAP length also counts the unit id.
PDU_MAX: Final = 253
_LENGTH_MIN: Final = 2
_LENGTH_MAX: Final = PDU_MAX + 1
_PREFIX: Final = 6
_HEADER: Final = struct.Struct(">HHHB")


class Request(NamedTuple):
    """One complete request: transaction id (0 on a serial line), unit id, PDU from its function code on."""

    transaction: int
    unit: int
    pdu: bytes


class Response(NamedTuple):
    """One answer to send, addressed like the request it belongs to."""

    transaction: int
    unit: int
    pdu: bytes


class Malformed(NamedTuple):
    """Bytes that are the peer's mistake, with the rule they break. On TCP the connection must be closed."""

    reason: str


class ModbusServerCodec:
    """The server's end of one Modbus TCP connection; `rest` is the beginning of a frame that is not whole yet."""

    __slots__ = ("_broken", "rest")
    # Frames carry a transaction id and a length that a fault can lie about.
    mbap: ClassVar[bool] = True

    def __init__(self) -> None:
        self.rest = b""
        self._broken = False

    @property
    def waiting_for_more(self) -> bool:
        """Whether the bytes so far end inside a frame."""
        return bool(self.rest)

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """Return what ``data`` completes, in order; an incomplete frame stays for the next call."""
        if self.rest:
            data = self.rest + data
        if self._broken:
            return []
        found: list[Request | Malformed] = []
        start, end = 0, len(data)
        while end - start > _PREFIX:
            transaction, protocol, length, unit = _HEADER.unpack_from(data, start)
            if protocol != 0 or not _LENGTH_MIN <= length <= _LENGTH_MAX:
                self._broken = True
                self.rest = b""
                found.append(Malformed(_header_error(protocol, length)))
                return found
            stop = start + _PREFIX + length
            if stop > end:
                break
            found.append(Request(transaction, unit, data[start + 7 : stop]))
            start = stop
        self.rest = data[start:] if start < end else b""
        return found

    def send(self, response: Response) -> bytes:
        """Return the frame that carries ``response``."""
        transaction, unit, pdu = response
        return _HEADER.pack(transaction, 0, len(pdu) + 1, unit) + pdu


def _header_error(protocol: int, length: int) -> str:
    if protocol != 0:
        return f"MBAP protocol id = {protocol} must be 0 (MB-TCP 3.1.3)"
    return f"MBAP length = {length} must be in [{_LENGTH_MIN}, {_LENGTH_MAX}]: unit id and PDU"
