"""How an engineering value becomes Modbus registers, and back.

The Modbus specification fixes one thing only: a 16-bit register travels high byte first (MB-APP V1.1b3, 4.2).
Everything wider is the maker's habit, so a format names its word order by the letters of a 32-bit value
``A B C D`` (A is the most significant byte) in the order in which the bytes reach the wire:

====== ========================= ==============================
order  32 bits on the wire       64 bits on the wire
====== ========================= ==============================
ABCD   A B C D                   A B C D E F G H
CDAB   C D A B (words swapped)   G H E F C D A B
BADC   B A D C (bytes swapped)   B A D C F E H G
DCBA   D C B A (little endian)   H G F E D C B A
====== ========================= ==============================

A single 16-bit register has no word order: it is ``A B`` whatever the format says.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RegisterType = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"]
WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
NotAvailable = Literal["usual", "none"] | float

_CODES: Final[dict[str, str]] = {
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "u64": "Q",
    "i64": "q",
    "f32": "f",
    "f64": "d",
}
_WORDS: Final = {"H": 1, "h": 1, "I": 2, "i": 2, "Q": 4, "q": 4, "f": 2, "d": 4}
_FLOAT32_MAX: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class RegisterFormat:
    """One value's shape in registers: ``value = raw * scale + offset``.

    Parameters
    ----------
    type
        what the raw number is.
    order
        word and byte order of values wider than one register, see the module.
    scale, offset
        engineering value of one raw step, and of raw zero, in the point's unit.
    not_available
        the raw number that says "no reading"; "usual" as below, "none" shows 0 instead.

    Integers saturate at their limits as a transmitter does. "No reading" (NaN) is NaN in a float; an integer
    has no NaN, so it becomes the marker most device makers use (SunSpec's "not implemented"): the most
    negative signed value, or all ones unsigned. Saturation stops one step short of that marker.
    """

    type: RegisterType
    order: WordOrder = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    not_available: NotAvailable = "usual"
    words: int = field(init=False)
    _struct: struct.Struct = field(init=False, repr=False, compare=False)
    _low: int = field(init=False, repr=False, compare=False)
    _high: int = field(init=False, repr=False, compare=False)
    _marker: int | None = field(init=False, repr=False, compare=False)
    _nan: float | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        code = _CODES.get(self.type)
        if code is None:
            raise ValueError(f"register type {self.type!r} is unknown; choose one of {', '.join(_CODES)}")
        if self.order not in get_args(WordOrder):
            raise ValueError(f"word order {self.order!r} is unknown; choose one of ABCD, CDAB, BADC, DCBA")
        if not (math.isfinite(self.scale) and self.scale != 0.0 and math.isfinite(self.offset)):
            raise ValueError(f"scale = {self.scale} and offset = {self.offset} must be finite, scale not 0")
        words = _WORDS[code]
        # Little-endian packing already is DCBA; the other orders are reached from big-endian by swaps.
        packed = struct.Struct(("<" if self.order == "DCBA" and words > 1 else ">") + code)
        low, high, marker = 0, 0, None
        if code in "HIQ":
            high = 2 ** (16 * words) - 2
            marker = high + 1
        elif code in "hiq":
            high = 2 ** (16 * words - 1) - 1
            low = -high
            marker = low - 1
        special: float | None = None
        if self.not_available != "usual":
            special = 0.0 if self.not_available == "none" else float(self.not_available)
            if marker is not None:
                low, high, special = self._own_marker(low, high, marker, special)
        for name, value in (
            ("words", words),
            ("_nan", special),
            ("_struct", packed),
            ("_low", low),
            ("_high", high),
            ("_marker", marker),
        ):
            object.__setattr__(self, name, value)

    def _own_marker(self, low: int, high: int, marker: int, special: float) -> tuple[int, int, int]:
        """Return the limits and the marker of integers whose maker chose another: a bit pattern is fine too."""
        if marker > 0:
            high += 1
        else:
            low -= 1
        number = int(special)
        # 0x8000 and -32768 are the same register.
        number = number - 2 * (high + 1) if low < 0 and high < number <= 2 * high + 1 else number
        if not low <= number <= high:
            raise ValueError(f"not_available = {special} does not fit {self.type}; take one in [{low}, {high}]")
        return low, high, number

    def raw(self, value: float) -> float | int:
        """Return the raw number nearest to ``value`` that the registers can hold."""
        if self._nan is not None and value != value:
            return self._nan
        if self.scale != 1.0 or self.offset != 0.0:
            value = (value - self.offset) / self.scale
        if self._marker is None:
            # A float32 overflows in struct where hardware would answer infinity.
            return math.copysign(math.inf, value) if self._overflows(value) else value
        if value != value:
            return self._marker
        if value >= self._high:
            # All ones is a legal pattern (a status word): only overflow stops short of it.
            return self._marker if value == self._marker and self._marker > 0 else self._high
        if value <= self._low:
            return self._marker if value == self._marker and self._marker < 0 else self._low
        return round(value)

    def _overflows(self, value: float) -> bool:
        return self.words == 2 and abs(value) > _FLOAT32_MAX and not math.isinf(value)

    def encode(self, value: float) -> bytes:
        """Return the ``2 * words`` wire bytes of an engineering value."""
        return self._reorder(self._struct.pack(self.raw(value)))

    def decode(self, wire: bytes | bytearray | memoryview) -> float | int:
        """Return the engineering value of ``2 * words`` wire bytes; an unscaled integer stays exact."""
        number: float | int = self._struct.unpack(self._reorder(bytes(wire)))[0]
        if self.scale == 1.0 and self.offset == 0.0:
            return number
        return number * self.scale + self.offset

    def encode_block(self, values: NDArray[np.floating]) -> bytes:
        """Return the wire bytes of float[n], one value after the other: a waveform block in registers."""
        if self._marker is None:
            scaled = (np.asarray(values, dtype=np.float64) - self.offset) / self.scale
            with np.errstate(over="ignore"):
                words = scaled.astype(">f4" if self.words == 2 else ">f8")
            return self._reorder_block(words.tobytes())
        return b"".join(self.encode(value) for value in np.asarray(values).tolist())

    def _reorder_block(self, wire: bytes) -> bytes:
        grid = np.frombuffer(wire, dtype=np.uint8).reshape(-1, self.words, 2)
        if self.order in ("CDAB", "DCBA"):
            grid = grid[:, ::-1, :]
        if self.order in ("BADC", "DCBA"):
            grid = grid[:, :, ::-1]
        return grid.tobytes()

    def _reorder(self, wire: bytes) -> bytes:
        """Swap words (CDAB) or bytes (BADC); each swap undoes itself, so one function serves both ways."""
        if self.words == 1 or self.order in ("ABCD", "DCBA"):
            return wire
        if self.order == "CDAB":
            return b"".join(wire[i : i + 2] for i in range(len(wire) - 2, -1, -2))
        swapped = bytearray(len(wire))
        swapped[0::2] = wire[1::2]
        swapped[1::2] = wire[0::2]
        return bytes(swapped)
