"""What a run of 16-bit registers means: numbers of 16, 32 or 64 bits in any of the four word orders, BCD and text.

The twin's own reading of the point table. The emulator has another; sharing one would hide a mistake from
the bench.
"""

import math
import struct
from collections.abc import Sequence
from typing import Literal, TypeAlias

RegisterType: TypeAlias = Literal[
    "u16", "i16", "u32", "i32", "f32", "u64", "i64", "f64", "bcd16", "bcd32", "string"
]  # fmt: skip
WordOrder: TypeAlias = Literal["ABCD", "CDAB", "BADC", "DCBA"]
"""A is the most significant byte. CDAB swaps the words, BADC the bytes inside each word, DCBA both."""

_FORMATS: dict[str, str] = {
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "f32": "f",
    "u64": "Q",
    "i64": "q",
    "f64": "d",
}
_NUMBERS = frozenset("0123456789+-.eE")
_WORDS_REVERSED = frozenset({"CDAB", "DCBA"})
_BYTES_SWAPPED = frozenset({"BADC", "DCBA"})


def register_count(kind: str) -> int:
    """How many registers one value of a type takes."""
    return struct.calcsize(">" + _format(kind)) // 2


def marker(kind: str) -> int | None:
    """Return the raw number most makers use for "no value"; None where the type has no spare one of its own.

    The most negative signed number, all ones unsigned. NaN, digits beyond nine and blank text need no comparing.
    """
    if kind[0] not in "ui" or kind not in _FORMATS:
        return None
    bits = int(kind[1:])
    return (1 << bits) - 1 if kind[0] == "u" else -(1 << (bits - 1))


def decode_digits(registers: Sequence[int], order: str = "ABCD") -> float:
    """Decode packed BCD, four digits a register; NaN when a digit is none."""
    words = [word & 0xFFFF for word in (reversed(registers) if order in _WORDS_REVERSED else registers)]
    if order in _BYTES_SWAPPED:
        words = [word >> 8 | (word & 0xFF) << 8 for word in words]
    text = "".join(f"{word:04x}" for word in words)
    return float(int(text)) if text.isdecimal() else math.nan


def decode_text(registers: Sequence[int], order: str = "ABCD") -> float:
    """Decode a number written out as text, two characters a register; NaN when it is blank or no number."""
    data = b"".join(word.to_bytes(2, "little" if order in _BYTES_SWAPPED else "big") for word in registers)
    text = data.split(b"\0", 1)[0].decode("ascii", "replace").strip()
    try:
        return float(text) if text and _NUMBERS.issuperset(text) else math.nan
    except ValueError:
        return math.nan


def decode(registers: Sequence[int], kind: str, order: str = "ABCD") -> int | float:
    """Decode one value.

    Parameters
    ----------
    registers : as many 16-bit words as the type needs, in address order
    kind : the type, see `RegisterType`
    order : word order, see `WordOrder`

    Raises
    ------
    ValueError : unknown type or order, or another number of registers than the type needs
    """
    code = _format(kind)
    expected = struct.calcsize(">" + code) // 2
    if len(registers) != expected:
        raise ValueError(f"{kind} takes {expected} registers, got {len(registers)}")
    if order not in {"ABCD", "CDAB", "BADC", "DCBA"}:
        raise ValueError(f"word order {order!r} must be one of ABCD, CDAB, BADC, DCBA")
    words = list(reversed(registers)) if order in _WORDS_REVERSED else list(registers)
    # Swapped bytes are what a little-endian reading of each word gives.
    packed = struct.pack(f"{'<' if order in _BYTES_SWAPPED else '>'}{expected}H", *words)
    value: int | float = struct.unpack(">" + code, packed)[0]
    return value


def _format(kind: str) -> str:
    try:
        return _FORMATS[kind]
    except KeyError:
        raise ValueError(f"register type {kind!r} must be one of {', '.join(sorted(_FORMATS))}") from None
