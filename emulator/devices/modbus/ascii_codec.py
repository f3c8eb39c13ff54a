"""Modbus ASCII framing: characters in, requests out. No port, no clock.

A frame is a colon, unit, PDU and LRC as hexadecimal digits, carriage return and line feed (MB-SER V1.02, 2.5.2).
Silence inside a frame may last up to a second (by default), so whoever has the clock calls `silence` after that.
A new colon begins a new frame wherever it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from emulator.devices.modbus.codec import PDU_MAX, Malformed, Request, Response

if TYPE_CHECKING:
    from collections.abc import Collection

# Unit id, the largest PDU and LRC, two characters each.
_DIGITS_MAX: Final = 2 * (PDU_MAX + 2)
_HEX: Final = frozenset(b"0123456789ABCDEFabcdef")


def lrc(data: bytes) -> int:
    """Return the longitudinal redundancy check: the two's complement of the sum (MB-SER V1.02, 6.2.1)."""
    return -sum(data) & 0xFF


def ascii_frame(unit: int, pdu: bytes) -> bytes:
    """Return the ASCII frame of a PDU."""
    body = bytes((unit,)) + pdu
    return b":" + (body + bytes((lrc(body),))).hex().upper().encode() + b"\r\n"


class AsciiServerCodec:
    """The server's end of one line or stream of ASCII frames.

    Parameters
    ----------
    units
        ids we are; frames to others pass in silence, and are counted in `foreign`.
    """

    mbap: ClassVar[bool] = False

    def __init__(self, units: Collection[int]) -> None:
        self._units = units
        self._digits: bytearray | None = None
        self.foreign = 0

    @property
    def waiting_for_more(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._digits is not None

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """Return what `data` completes, in order; what is outside of a frame is dropped in silence."""
        found: list[Request | Malformed] = []
        for byte in data:
            if byte == 0x3A:
                if self._digits is not None:
                    found.append(Malformed("a colon inside a frame: the frame before it never ended"))
                self._digits = bytearray()
            elif self._digits is None or byte == 0x0D:
                continue
            elif byte == 0x0A:
                found += self._ended(bytes(self._digits))
                self._digits = None
            elif byte in _HEX and len(self._digits) < _DIGITS_MAX:
                self._digits.append(byte)
            else:
                self._digits = None
                found.append(Malformed(f"byte {byte:#04x} in a frame, or over {_DIGITS_MAX} digits"))
        return found

    def _ended(self, digits: bytes) -> list[Request | Malformed]:
        if len(digits) < 6 or len(digits) % 2:
            return [Malformed(f"{len(digits)} digits are no frame")]
        body = bytes.fromhex(digits.decode("ascii"))
        if sum(body) & 0xFF:
            return [Malformed(f"LRC {body[-1]:#04x}, {lrc(body[:-1]):#04x} expected")]
        # 0 is a broadcast.
        if body[0] == 0 or body[0] in self._units:
            return [Request(0, body[0], body[1:-1])]
        self.foreign += 1
        return []

    def silence(self) -> list[Request | Malformed]:
        """End the frame under way: the character time-out has passed."""
        if self._digits is None:
            return []
        self._digits = None
        return [Malformed("a frame that was not finished in time")]

    def spoil(self) -> list[Request | Malformed]:
        """Drop the frame under way."""
        return self.silence()

    def send(self, response: Response) -> bytes:
        """Return the frame that carries `response`."""
        return ascii_frame(response.unit, response.pdu)

    @staticmethod
    def seal(body: bytes) -> bytes:
        """Return the frame around unit and PDU."""
        return ascii_frame(body[0], body[1:])

    @staticmethod
    def unseal(data: bytes) -> bytes:
        """Return unit and PDU of a frame of ours."""
        return bytes.fromhex(data[1:-4].decode("ascii"))

    @staticmethod
    def with_wrong_check(data: bytes) -> bytes:
        """Return a frame of ours with a checksum that is not its own."""
        return data[:-4] + f"{int(data[-4:-2], 16) ^ 1:02X}".encode() + data[-2:]
