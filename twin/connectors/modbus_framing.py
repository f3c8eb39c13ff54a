"""How a PDU lies in a stream without a header: RTU (address and CRC) and ASCII (colon, hexadecimal, LRC, line end).

pymodbus encodes; the frames that come are cut here, because an answer that is not whole, or whose check is wrong,
must be told from one that is still on its way (Modbus over Serial Line V1.02, 2.5).
"""

import binascii
from typing import Protocol

from pymodbus.framer.ascii import FramerAscii
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU

_DECODER = DecodePDU(is_server=False)
_MAX_ASCII = 513


class BadFrameError(ValueError):
    """What came is not the answer to the question asked."""


class Framing(Protocol):
    """Wraps requests and cuts answers."""

    def encode(self, pdu: bytes, unit: int) -> bytes:
        """Return the frame of a request."""

    def cut(self, data: bytes) -> tuple[bytes | None, bytes]:
        """Return the first whole frame, as unit and PDU, and the rest; None while it is not whole.

        Raises
        ------
        BadFrameError : its check is wrong, or it can never become a frame
        """

    def characters(self, data_bytes: int) -> int:
        """Return how many characters the answer to a read with so many data bytes has."""


class RtuFraming:
    """Address, PDU and CRC; the length follows from the function."""

    _framer = FramerRTU(_DECODER)

    def encode(self, pdu: bytes, unit: int) -> bytes:
        """See `Framing.encode`."""
        return bytes(self._framer.encode(pdu, unit, 0))

    def cut(self, data: bytes) -> tuple[bytes | None, bytes]:
        """See `Framing.cut`."""
        if len(data) < 5:
            return None, data
        size = 5 if data[1] & 0x80 else 5 + data[2]
        if len(data) < size:
            return None, data
        frame, rest = data[:size], data[size:]
        if not FramerRTU.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big")):
            raise BadFrameError("an answer with a wrong checksum")
        return frame[:-2], rest

    def characters(self, data_bytes: int) -> int:
        """See `Framing.characters`."""
        return 5 + data_bytes


class AsciiFraming:
    """Two hexadecimal digits a byte, between a colon and CR LF; what stands before a colon is noise."""

    _framer = FramerAscii(_DECODER)

    def encode(self, pdu: bytes, unit: int) -> bytes:
        """See `Framing.encode`."""
        return bytes(self._framer.encode(pdu, unit, 0))

    def cut(self, data: bytes) -> tuple[bytes | None, bytes]:
        """See `Framing.cut`."""
        start = data.find(b":")
        if start < 0:
            return None, b""
        end = data.find(b"\r\n", start)
        # A colon inside a frame begins a new one: the first was cut off.
        again = data.rfind(b":", start + 1, end if end >= 0 else len(data))
        start = max(start, again)
        if end < 0:
            if len(data) - start > _MAX_ASCII:
                raise BadFrameError(f"more than {_MAX_ASCII} characters without an end")
            return None, data[start:]
        try:
            frame = binascii.unhexlify(data[start + 1 : end])
        except binascii.Error:
            raise BadFrameError("characters that are no hexadecimal digits") from None
        if len(frame) < 3 or sum(frame) & 0xFF:
            raise BadFrameError("an answer with a wrong checksum")
        return frame[:-1], data[end + 2 :]

    def characters(self, data_bytes: int) -> int:
        """See `Framing.characters`."""
        return 3 + 2 * (4 + data_bytes)
