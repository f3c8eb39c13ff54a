"""Modbus RTU framing: bytes and silences in, requests out. No port, no clock.

A frame is unit, PDU and CRC (MB-SER V1.02, 2.5.1). On a multidrop line a slave also hears its neighbours'
requests and answers, noise, and torn frames, so the codec walks the bytes as a chain of frames in either
direction: a frame with a good CRC is taken or, if it is not ours or is an answer, skipped whole, so that
nothing inside it is mistaken for a frame. Where no frame starts it slides on one byte. Silence (t3.5) ends
every frame: whatever is incomplete then is searched once more for a frame to us, and dropped.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.codec import PDU_MAX, Malformed, Request, Response

if TYPE_CHECKING:
    from collections.abc import Collection

BROADCAST: Final = 0
# Unit id and CRC around the largest PDU.
FRAME_MAX: Final = PDU_MAX + 3
_FRAME_MIN: Final = 4
_CRC: Final = struct.Struct("<H")


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC_TABLE: Final = _crc_table()


def crc16(data: bytes | bytearray | memoryview) -> int:
    """Return the CRC of MB-SER V1.02, 6.2.2 (0xA001 reflected, from 0xFFFF); it is sent low byte first."""
    crc = 0xFFFF
    table = _CRC_TABLE
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc


def checked(body: bytes) -> bytes:
    """Return unit and PDU with their checksum behind them."""
    return body + _CRC.pack(crc16(body))


def frame(unit: int, pdu: bytes) -> bytes:
    """Return the RTU frame of a PDU."""
    return checked(bytes((unit,)) + pdu)


class RtuServerCodec:
    """The listening end of a serial line for the given units; every other unit's traffic is passed over.

    `foreign` counts the frames passed over.
    """

    __slots__ = ("_buffer", "_spoiled", "_units", "foreign")

    def __init__(self, units: Collection[int]) -> None:
        self._units = frozenset(units)
        self._buffer = bytearray()
        self._spoiled = False
        self.foreign = 0

    @property
    def waiting_for_more(self) -> bool:
        """Whether the bytes so far end inside a frame."""
        return bool(self._buffer) or self._spoiled

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """Return the requests to our units (or to all: unit 0) that ``data`` completes."""
        if self._spoiled:
            return []
        buffer = self._buffer
        buffer += data
        found: list[Request | Malformed] = []
        start, end = 0, len(buffer)
        while end - start >= _FRAME_MIN:
            length = self._step(start, found)
            if length == 0:
                break
            start += length
        del buffer[:start]
        return found

    def _step(self, start: int, found: list[Request | Malformed]) -> int:
        """Return how many bytes the walk may pass: a frame, one stray byte, or 0 to wait for more."""
        buffer = self._buffer
        available = len(buffer) - start
        wait = False
        # The longest first: a frame whose checksum ends in a zero byte is also a good one without that byte.
        for length, is_request in sorted(_shapes(buffer, start), reverse=True):
            if length > FRAME_MAX:
                continue
            if length == 0 or length > available:
                wait = True
            elif crc16(buffer[start : start + length]) == 0:
                unit = buffer[start]
                if is_request and (unit in self._units or unit == BROADCAST):
                    found.append(Request(0, unit, bytes(buffer[start + 1 : start + length - 2])))
                else:
                    self.foreign += 1
                return length
        return 0 if wait and available < FRAME_MAX else 1

    def spoil(self) -> list[Request | Malformed]:
        """Give up the frame under way: a gap inside it broke the t1.5 rule (MB-SER 2.5.1.1)."""
        self._buffer.clear()
        self._spoiled = True
        return [Malformed("a gap longer than t1.5 inside a frame (MB-SER 2.5.1.1)")]

    def silence(self) -> list[Request | Malformed]:
        """End the frame under way, to be called after t3.5 without a byte."""
        buffer, self._buffer = self._buffer, bytearray()
        self._spoiled = False
        if not buffer:
            return []
        for start in range(len(buffer) - _FRAME_MIN + 1):
            if buffer[start] not in self._units and buffer[start] != BROADCAST:
                continue
            # A function code we do not know has no known length: only the silence after it says where it
            # ends.
            ends = [start + length for length, is_request in _shapes(buffer, start) if is_request and length]
            for end in (*ends, len(buffer)):
                if _FRAME_MIN <= end - start <= FRAME_MAX and end <= len(buffer) and crc16(buffer[start:end]) == 0:
                    return [Request(0, buffer[start], bytes(buffer[start + 1 : end - 2]))]
        if _FRAME_MIN <= len(buffer) <= FRAME_MAX and crc16(buffer) == 0:
            # A neighbour's frame whose function has no length of its own: an identity, a maker's own function.
            self.foreign += 1
            return []
        return [Malformed(f"{len(buffer)} bytes without a frame to this device")]

    def send(self, response: Response) -> bytes:
        """Return the frame that carries ``response``."""
        return frame(response.unit, response.pdu)

    @staticmethod
    def seal(body: bytes) -> bytes:
        """Return the frame around unit and PDU."""
        return checked(body)

    @staticmethod
    def unseal(data: bytes) -> bytes:
        """Return unit and PDU of a frame of ours."""
        return data[:-2]

    @staticmethod
    def with_wrong_check(data: bytes) -> bytes:
        """Return a frame of ours with a checksum that is not its own."""
        return data[:-1] + bytes((data[-1] ^ 0x01,))


def _shapes(buffer: bytearray, start: int) -> list[tuple[int, bool]]:
    """Return the (length, is a request) a frame at `start` can have; length 0 is not known yet."""
    function = buffer[start + 1]
    if function & 0x80:
        return [(5, False)]
    match function:
        case 1 | 2 | 3 | 4:
            return [(8, True), (5 + buffer[start + 2], False)]
        case 5 | 6:
            return [(8, True)]  # the answer is the same bytes
        case 15 | 16:
            return [(8, False), (_counted(buffer, start + 6, 9), True)]
        case 22:
            return [(10, True)]
        case 23:
            return [(5 + buffer[start + 2], False), (_counted(buffer, start + 10, 13), True)]
        case 43:
            return [(7, True), (0, False)]
        case _:
            return [(0, True)]


def _counted(buffer: bytearray, at: int, around: int) -> int:
    """Return the length of a frame whose byte count stands at `at`, `around` bytes not counted in it."""
    return around + buffer[at] if at < len(buffer) else 0
