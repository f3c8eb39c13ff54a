"""Decodes Modbus frames of all three framings into lines to read.

A line says who spoke, the frame's address, what the PDU says, and the bytes. What a reader of the specification would
object to stands after an exclamation mark: a header that lies, a checksum that does not fit, an answer nobody asked
for. The decoder follows the conversation: an answer is read with the request it belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from hil.traces.modbus_pdu import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hil.traces.tap import Piece

Framing = Literal["tcp", "rtu", "ascii"]
_HEX_SHOWN: Final = 24
_HEADER: Final = 6


class Frame(NamedTuple):
    """One frame as found: its address, PDU, and what is wrong with its wrapping."""

    transaction: int | None
    unit: int
    pdu: bytes
    wrong: str
    raw: bytes


def lines(pieces: Iterable[Piece], framing: Framing = "tcp") -> list[str]:
    """Return a conversation, a line per frame.

    Parameters
    ----------
    pieces
        bytes that travelled as one, as a tap of a link or of a serial line records them. Frames in one piece
        are told apart; a frame that a piece does not finish is joined with the next piece the same way.
    framing
        how they are wrapped.

    """
    readers: dict[int, _Reader] = {}
    found: list[str] = []
    for piece in pieces:
        reader = readers.setdefault(piece.connection, _Reader(framing))
        found += reader.take(piece.data, up=piece.direction == "up")
    for reader in readers.values():
        found += reader.rest()
    return found


def mbap(data: bytes) -> tuple[list[Frame], bytes]:
    """Return the MBAP frames in `data` (MB-TCP V1.0b, 3.1.3) and the bytes that begin another."""
    frames: list[Frame] = []
    while len(data) > _HEADER + 1:
        transaction, protocol, length = (int.from_bytes(data[at : at + 2], "big") for at in (0, 2, 4))
        wrong = f" ! protocol id {protocol}" if protocol else ""
        if not 2 <= length <= 254:
            frames.append(Frame(transaction, data[6], data[7:], f"{wrong} ! length {length}", data))
            return frames, b""
        stop = _HEADER + length
        if stop > len(data):
            break
        frames.append(Frame(transaction, data[6], data[7:stop], wrong, data[:stop]))
        data = data[stop:]
    return frames, data


def rtu(data: bytes) -> Frame:
    """Return the RTU frame that `data` is (MB-SER V1.02, 2.5.1)."""
    if len(data) < 4:
        return Frame(None, data[0] if data else 0, data[1:], f" ! {len(data)} bytes are no frame", data)
    sum_, said = _crc(data[:-2]), int.from_bytes(data[-2:], "little")
    wrong = "" if sum_ == said else f" ! CRC {said:04X}, should be {sum_:04X}"
    return Frame(None, data[0], data[1:-2], wrong, data)


def ascii_frame(data: bytes) -> Frame:
    """Return the ASCII frame that `data` is, from its colon to its line feed (MB-SER V1.02, 2.5.2)."""
    wrong = "" if data[:1] == b":" and data[-2:] == b"\r\n" else " ! no colon or no CR LF"
    try:
        body = bytes.fromhex(data.strip().lstrip(b":").decode("ascii"))
    except ValueError:
        return Frame(None, 0, b"", f"{wrong} ! not hexadecimal", data)
    if len(body) < 3:
        return Frame(None, body[0] if body else 0, body[1:], f"{wrong} ! too short", data)
    total = sum(body) & 0xFF
    if total:
        wrong += f" ! LRC {body[-1]:02X}, should be {(body[-1] - total) & 0xFF:02X}"
    return Frame(None, body[0], body[1:-1], wrong, data)


def show(frame: Frame, *, up: bool, note: str = "") -> str:
    """Return the line of one frame."""
    arrow = "→" if up else "←"
    where = f"unit {frame.unit}" if frame.transaction is None else f"id {frame.transaction} unit {frame.unit}"
    return f"{arrow} {where}  {describe(frame.pdu, request=up)}{frame.wrong}{note}  [{_hex(frame.raw)}]"


class _Reader:
    """The two directions of one connection or line."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._open: dict[int, Frame] = {}
        self._asked: Frame | None = None
        self._kept = {True: b"", False: b""}

    def take(self, data: bytes, *, up: bool) -> list[str]:
        if self._framing == "tcp":
            frames, self._kept[up] = mbap(self._kept[up] + data)
        elif self._framing == "ascii":
            parts = (self._kept[up] + data).split(b"\n")
            self._kept[up] = parts.pop()
            frames = [ascii_frame(part + b"\n") for part in parts]
        else:
            frames = _rtu_frames(data)
        glued = f" (one of {len(frames)} in one piece)" if len(frames) > 1 and self._framing == "tcp" else ""
        return [show(frame, up=up, note=self._judge(frame, up=up) + glued) for frame in frames]

    def rest(self) -> list[str]:
        return [
            f"{'→' if up else '←'} ! {len(kept)} bytes of a frame that does not end  [{_hex(kept)}]"
            for up, kept in self._kept.items()
            if kept
        ]

    def _judge(self, frame: Frame, *, up: bool) -> str:
        """Return what is wrong with an answer for the request it names; note a request."""
        if up:
            self._asked = frame
            if frame.transaction is not None:
                self._open[frame.transaction] = frame
            return ""
        asked = self._asked if frame.transaction is None else self._open.pop(frame.transaction, None)
        if asked is None:
            return " ! no such request is open"
        if frame.transaction is None:
            self._asked = None
        if frame.unit != asked.unit:
            return f" ! unit {asked.unit} was asked"
        if frame.pdu[:1] and asked.pdu[:1] and frame.pdu[0] & 0x7F != asked.pdu[0]:
            return f" ! function {asked.pdu[0]} was asked"
        return _mismatch(asked.pdu, frame.pdu)


def _mismatch(asked: bytes, pdu: bytes) -> str:
    """Return where an answer does not fit its request."""
    if len(asked) == 5 and asked[0] in (1, 2, 3, 4) and len(pdu) > 1 and pdu[0] == asked[0]:
        quantity = int.from_bytes(asked[3:5], "big")
        expected = 2 * quantity if asked[0] in (3, 4) else (quantity + 7) // 8
        return "" if pdu[1] == expected else f" ! {expected} bytes were asked"
    echoed = {5: 5, 6: 5, 15: 5, 16: 5, 22: 7}.get(asked[0] if asked else 0)
    if echoed and pdu[:1] == asked[:1] and pdu[:echoed] != asked[:echoed]:
        return " ! not what was written"
    return ""


def _rtu_frames(data: bytes) -> list[Frame]:
    """Cut a piece of a serial line into frames; what has no good CRC is one frame."""
    frames = []
    while data:
        stop = next((end for end in range(4, len(data) + 1) if _crc(data[:end]) == 0), len(data))
        frames.append(rtu(data[:stop]))
        data = data[stop:]
    return frames


def _crc(data: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, least significant bit first, from all ones (MB-SER V1.02, 2.5.1.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def _hex(raw: bytes) -> str:
    if raw[:1] == b":":
        return raw.decode("ascii", "replace").strip()
    shown = raw[:_HEX_SHOWN].hex(" ")
    return shown if len(raw) <= _HEX_SHOWN else f"{shown} … {len(raw)} bytes"
