"""Modbus TCP frames as they pass, whatever pieces they come in (MB-TCP V1.0b, 3.1.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hil.insertion.link.base import Direction

HEADER: Final = 7
_LONGEST: Final = 260


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: transaction id, unit and PDU."""

    transaction: int
    unit: int
    pdu: bytes

    def __bytes__(self) -> bytes:
        return struct.pack(">HHHB", self.transaction, 0, len(self.pdu) + 1, self.unit) + self.pdu


@dataclass(slots=True)
class Cutter:
    """Cuts one direction of one connection into frames; what is no Modbus TCP passes as it is from there on."""

    rest: bytearray = field(default_factory=bytearray)
    lost: bool = False

    def take(self, data: bytes, change: Callable[[Frame], bytes]) -> bytes:
        """Return what leaves for these bytes: each whole frame as `change` makes it, a part of one not yet."""
        self.rest += data
        out = bytearray()
        while not self.lost and len(self.rest) >= HEADER:
            transaction, protocol, length, unit = struct.unpack_from(">HHHB", self.rest)
            if protocol != 0 or not 2 <= length <= _LONGEST - 6:
                self.lost = True
                break
            if len(self.rest) < 6 + length:
                break
            frame = Frame(transaction, unit, bytes(self.rest[HEADER : 6 + length]))
            del self.rest[: 6 + length]
            out += change(frame)
        if self.lost:
            out += self.rest
            self.rest.clear()
        return bytes(out)


@dataclass(slots=True)
class Watch:
    """Both directions of one connection: which request an answer belongs to."""

    up: Cutter = field(default_factory=Cutter)
    down: Cutter = field(default_factory=Cutter)
    open: dict[int, Frame] = field(default_factory=dict)

    def cutter(self, direction: Direction) -> Cutter:
        """Return the cutter of a direction."""
        return self.up if direction == "up" else self.down

    def asked(self, frame: Frame) -> bytes:
        """Remember a request and let it pass."""
        self.open[frame.transaction] = frame
        while len(self.open) > 256:
            self.open.pop(next(iter(self.open)))
        return bytes(frame)

    @property
    def between_frames(self) -> bool:
        """Whether nothing is held back of either direction."""
        return not (self.up.rest or self.down.rest)


Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
_PACKINGS: Final = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A number in registers: where it begins, its type and its order of bytes."""

    register: int
    type: str
    order: str

    @property
    def words(self) -> int:
        """Registers it takes."""
        return 1 if self.type.endswith("16") else 2

    def change(self, registers: bytes, first: int, make: Callable[[float], float]) -> bytes:
        """Return an answer's registers, from number `first` on, with the number changed if it lies whole in them."""
        place = 2 * (self.register - first)
        size = 2 * self.words
        if place < 0 or place + size > len(registers):
            return registers
        packing = _PACKINGS[self.type]
        (value,) = struct.unpack(packing, _ordered(registers[place : place + size], self.order))
        made: float = make(float(value))
        if self.type != "f32":
            bits = 8 * size
            low, high = (0, 2**bits - 1) if self.type[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            made = min(max(round(made), low), high)
        raw = _ordered(struct.pack(packing, made), self.order)
        return registers[:place] + raw + registers[place + size :]


def _ordered(raw: bytes, order: str) -> bytes:
    """Return the bytes as they are in order ABCD; the same again brings them back."""
    if len(raw) == 2:
        return raw[::-1] if order in ("BADC", "DCBA") else raw
    return bytes(raw["ABCD".index(letter)] for letter in order)


TYPES: Final = tuple(_PACKINGS)
ORDERS: Final = ("ABCD", "CDAB", "BADC", "DCBA")
