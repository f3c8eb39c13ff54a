"""Characters as levels on a pair of wires, and what a UART makes of levels. No port, no clock.

A level is 1 (mark, the idle line) or 0 (space). Two drivers at once leave a space wherever one of them sends one: the
wired AND of their levels, which is what a biased pair with open-collector-like dominance shows. A receiver looks for a
falling edge, samples each bit in its middle, and drops a character whose parity or stop bit is wrong; a line held at
space longer than a character is a break, which reads as one zero byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Parity = Literal["even", "odd", "none"]
_DATA_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class CharacterFormat:
    """Parity and stop bits of a character; by default two stop bits without parity, else one."""

    parity: Parity = "even"
    stop_bits: int | None = None

    @property
    def stops(self) -> int:
        """Stop bits sent."""
        return self.stop_bits or (2 if self.parity == "none" else 1)

    @property
    def bits(self) -> int:
        """Bits of one character, start and stop bits included."""
        return 1 + _DATA_BITS + (self.parity != "none") + self.stops


def levels(data: bytes, form: CharacterFormat) -> list[int]:
    """Return the levels that carry `data`, one per bit time, least significant bit first."""
    line: list[int] = []
    for byte in data:
        line.append(0)
        line += [byte >> bit & 1 for bit in range(_DATA_BITS)]
        if form.parity != "none":
            line.append(_parity_bit(byte, form.parity))
        line += [1] * form.stops
    return line


def heard(line: Sequence[int], form: CharacterFormat, bit: float = 1.0) -> bytes:
    """Return the characters a receiver accepts of these levels.

    Parameters
    ----------
    line
        levels, one per bit time of the sender; the line is idle before and after.
    form
        what the receiver expects.
    bit
        bit time of the receiver, in bit times of the sender.
    """
    found = bytearray()
    end = len(line)
    has_parity = form.parity != "none"

    def level(at: float) -> int:
        return line[int(at)] if at < end else 1

    at = 0.0
    while True:
        start = next((place for place in range(int(at + 0.999), end) if line[place] == 0), None)
        if start is None:
            return bytes(found)
        if level(start + 0.5 * bit):  # a spike shorter than half a bit is no start bit
            at = start + 1.0
            continue
        byte = sum(level(start + (k + 1.5) * bit) << k for k in range(_DATA_BITS))
        place = start + (_DATA_BITS + 1.5) * bit
        sound = True
        if has_parity:
            sound = level(place) == _parity_bit(byte, form.parity)
            place += bit
        if level(place) == 0:
            mark = next((k for k in range(int(place), end) if line[k]), end)
            if byte == 0 and not any(line[start:mark]):
                found.append(0)  # a break
            at = float(mark)
            continue
        if sound:
            found.append(byte)
        at = place
    raise AssertionError("the walk ends where the levels do")


def misheard(data: bytes, sent: CharacterFormat, receiver: CharacterFormat, ratio: float = 1.0) -> bytes:
    """Return what a receiver makes of characters sent in another format, or at `ratio` times its speed."""
    return heard(levels(data, sent), receiver, ratio)


def collided(first: bytes, second: bytes, offset_bits: int, form: CharacterFormat) -> bytes:
    """Return what is heard of two talkers, the second of whom starts `offset_bits` after the first."""
    one, other = levels(first, form), [1] * max(0, offset_bits) + levels(second, form)
    size = max(len(one), len(other))
    one += [1] * (size - len(one))
    other += [1] * (size - len(other))
    return heard([a & b for a, b in zip(one, other, strict=True)], form)


def _parity_bit(byte: int, parity: Parity) -> int:
    odd = byte.bit_count() & 1
    return odd if parity == "even" else 1 - odd
