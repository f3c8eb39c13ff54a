"""Decimal digits in registers: BCD, and numbers or names as text.

BCD keeps one digit in each half byte, so 1234 is ``12 34`` on the wire (IEC 61131-3 calls it BCD; displays and old
controllers still speak it). Text keeps two characters in each register, the first in the high byte unless bytes are
swapped, padded at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.devices.scaling import RegisterFormat

if TYPE_CHECKING:
    from emulator.devices.scaling import NotAvailable, WordOrder

_DIGITS: Final = {"bcd16": 4, "bcd32": 8}
# Longest first: a short field loses digits after the point before it loses the number.
_PRECISIONS: Final = (9, 7, 5, 3, 2, 1)


@dataclass(frozen=True, slots=True)
class BcdFormat:
    """Four or eight decimal digits: ``value = digits * scale + offset``; there is no sign.

    "No reading" is all ones unless `not_available` says otherwise: a number of digits, or "none" for 0.
    """

    type: str
    order: WordOrder = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    not_available: NotAvailable = "usual"

    def __post_init__(self) -> None:
        if self.type not in _DIGITS:
            raise ValueError(f"type {self.type!r} is no BCD; choose bcd16 or bcd32")

    @property
    def words(self) -> int:
        """Registers taken."""
        return _DIGITS[self.type] // 4

    @property
    def _wire(self) -> RegisterFormat:
        return RegisterFormat("u16" if self.words == 1 else "u32", self.order, not_available=0.0)

    def encode(self, value: float) -> bytes:
        """Return the wire bytes of an engineering value; it saturates at its digits."""
        digits = _DIGITS[self.type]
        if value != value:
            if self.not_available == "usual":
                return b"\xff" * (2 * self.words)
            number = 0 if self.not_available == "none" else int(self.not_available)
        else:
            number = round(min(max((value - self.offset) / self.scale, 0.0), 10.0**digits - 1.0))
        return self._wire.encode(int(f"{min(number, 10**digits - 1):0{digits}d}", 16))

    def decode(self, wire: bytes | bytearray | memoryview) -> float:
        """Return the engineering value; ValueError where a half byte is no digit."""
        return int(f"{int(self._wire.decode(wire)):x}") * self.scale + self.offset


@dataclass(frozen=True, slots=True)
class TextFormat:
    """Text of `length` registers: a constant's, or a number written out in decimal.

    "No reading" is all blanks. With byte order BADC or DCBA the first character of a register is its low byte.
    """

    length: int
    order: WordOrder = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    padding: bytes = b"\0"

    @property
    def words(self) -> int:
        """Registers taken."""
        return self.length

    def text(self, words: str) -> bytes:
        """Return the wire bytes of a text; what does not fit is cut off."""
        room = 2 * self.length
        coded = words.encode("ascii", "replace")[:room].ljust(room, self.padding)
        return _swapped(coded) if self.order in ("BADC", "DCBA") else coded

    def encode(self, value: float) -> bytes:
        """Return the wire bytes of a number as text, as exact as the field is long."""
        if value != value:
            return self.text(" " * (2 * self.length))
        number = (value - self.offset) / self.scale
        shown = (f"{number:.{precision}g}" for precision in _PRECISIONS)
        return self.text(next((word for word in shown if len(word) <= 2 * self.length), "*" * (2 * self.length)))

    def decode(self, wire: bytes | bytearray | memoryview) -> float:
        """Return the number that the text says; ValueError where it says none."""
        plain = _swapped(bytes(wire)) if self.order in ("BADC", "DCBA") else bytes(wire)
        return float(plain.rstrip(b"\0 ").decode("ascii")) * self.scale + self.offset


def _swapped(wire: bytes) -> bytes:
    turned = bytearray(len(wire))
    turned[0::2] = wire[1::2]
    turned[1::2] = wire[0::2]
    return bytes(turned)
