"""What a run of 16-bit registers means: numbers of 16, 32 or 64 bits in any of the four word orders.

The twin's own reading of the point table. The emulator has another; sharing one would hide a mistake from
the bench.
"""

import struct
from collections.abc import Sequence
from typing import Literal, TypeAlias

RegisterType: TypeAlias = Literal["u16", "i16", "u32", "i32", "f32", "u64", "i64", "f64"]
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
_WORDS_REVERSED = frozenset({"CDAB", "DCBA"})
_BYTES_SWAPPED = frozenset({"BADC", "DCBA"})


def register_count(kind: str) -> int:
    """How many registers one value of a type takes."""
    return struct.calcsize(">" + _format(kind)) // 2


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
