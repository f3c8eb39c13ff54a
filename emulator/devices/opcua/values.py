"""The bytes of an OPC UA DataValue: value, status and times, packed from what the device image holds.

Bytes only, no library: OPC 10000-6 §5.2.2.16 (Variant) and §5.2.2.17 (DataValue), little-endian throughout.
Times are FILETIMEs, 100 ns ticks since 1601-01-01 UTC (§5.2.2.5), which Python's datetime (1 µs) cannot
carry.
"""

import math
import struct
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

BuiltIn = Literal["Boolean", "Int32", "UInt32", "UInt64", "Float", "Double"]

NANOSECONDS_PER_TICK: Final = 100
UNIX_EPOCH_TICKS: Final = 116_444_736_000_000_000  # 1970-01-01 on the 1601 scale
_LAST_TICK: Final = 0x7FFF_FFFF_FFFF_FFFF

# OPC 10000-6 table 1: the identifier of a built-in type is the first byte of its Variant.
TYPE_IDS: Final[dict[str, int]] = {
    "Boolean": 1, "Int32": 6, "UInt32": 7, "UInt64": 9, "Float": 10, "Double": 11,
}  # fmt: skip
_PACKERS: Final = {
    "Boolean": struct.Struct("<B?").pack,
    "Int32": struct.Struct("<Bi").pack,
    "UInt32": struct.Struct("<BI").pack,
    "UInt64": struct.Struct("<BQ").pack,
    "Float": struct.Struct("<Bf").pack,
    "Double": struct.Struct("<Bd").pack,
}
_UNPACKERS: Final = {
    (1, 2): struct.Struct("<?").unpack_from, (6, 5): struct.Struct("<i").unpack_from,
    (7, 5): struct.Struct("<I").unpack_from, (10, 5): struct.Struct("<f").unpack_from,
    (11, 9): struct.Struct("<d").unpack_from,
}  # fmt: skip
_LIMITS: Final[dict[str, tuple[int, int]]] = {
    "Int32": (-(2**31), 2**31 - 1), "UInt32": (0, 2**32 - 1), "UInt64": (0, 2**64 - 1),
}  # fmt: skip
WIRE: Final[dict[str, np.dtype[Any]]] = {
    "Boolean": np.dtype("?"), "Int32": np.dtype("<i4"), "UInt32": np.dtype("<u4"), "Float": np.dtype("<f4"),
    "Double": np.dtype("<f8"),
}  # fmt: skip
"""Scalars that a column of doubles holds exactly, and so can be taken by the column."""
_FLOAT_MAX: Final = float(np.finfo(np.float32).max)
_ARRAY_FLAG: Final = 0x80
_HAS_VALUE, _HAS_STATUS, _HAS_SOURCE_TIME, _HAS_SERVER_TIME = 0x01, 0x02, 0x04, 0x08
_ARRAY_HEAD: Final = struct.Struct("<Bi").pack
_STATUS: Final = struct.Struct("<I").pack
_TIME: Final = struct.Struct("<q").pack

SOURCE, SERVER, BOTH, NEITHER = range(4)
"""TimestampsToReturn (OPC 10000-4 §7.40): which of the two times a reader asked for."""


def ticks(t_ns: int) -> int:
    """Return UTC nanoseconds since 1970 as a FILETIME, rounded down to its tick, in the legal range."""
    found = t_ns // NANOSECONDS_PER_TICK + UNIX_EPOCH_TICKS
    return found if 0 <= found <= _LAST_TICK else min(max(found, 0), _LAST_TICK)


def fit(type_: BuiltIn, value: float) -> bool | int | float:
    """Return `value` as the built-in type holds it: rounded for integers, saturated at the range's ends.

    A device's register saturates; it neither wraps nor refuses. NaN becomes 0 in an integer type, as in a
    cast.
    """
    if type_ == "Boolean":
        return bool(value)
    if type_ in _LIMITS:
        if isinstance(value, float) and not math.isfinite(value):
            return 0 if math.isnan(value) else _LIMITS[type_][value > 0]
        low, high = _LIMITS[type_]
        return min(max(round(value), low), high)
    if type_ == "Float" and math.isfinite(value):
        return min(max(float(value), -_FLOAT_MAX), _FLOAT_MAX)
    return float(value)


def scalar(type_: BuiltIn, value: float) -> bytes:
    """Return a scalar as a Variant; `value` must already fit the type."""
    return _PACKERS[type_](TYPE_IDS[type_], value)


def encoder(type_: BuiltIn) -> Callable[[Any], bytes]:
    """Return what makes a Variant of any number, as `scalar` of `fit` does, by the shortest way for its type."""
    pack, identifier = _PACKERS[type_], TYPE_IDS[type_]
    if type_ in ("Double", "Boolean"):
        return partial(pack, identifier)
    whole = type_ in _LIMITS

    def encode(value: float) -> bytes:
        try:
            return pack(identifier, round(value) if whole else value)
        except (struct.error, OverflowError, ValueError):  # beyond the type, or no number
            return pack(identifier, fit(type_, value))

    return encode


def fit_column(type_: str, column: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return numbers as the wire holds them: `fit` for a whole column of one of the types of `WIRE`."""
    if type_ == "Double":
        return column
    if type_ == "Boolean":
        return column != 0.0
    if type_ == "Float":
        bounded = np.clip(column, -_FLOAT_MAX, _FLOAT_MAX)
        return np.where(np.isinf(column), column, bounded).astype("<f4")
    low, high = _LIMITS[type_]
    return np.nan_to_num(np.clip(np.rint(column), low, high), copy=False).astype(WIRE[type_])


def number(variant: bytes | None) -> float | None:
    """Return a scalar Variant of one of the types of `WIRE` as a number; None for anything else."""
    if variant is None or (unpack := _UNPACKERS.get((variant[0], len(variant)))) is None:
        return None
    return float(unpack(variant, 1)[0])


def float_array(samples: npt.NDArray[np.float32]) -> bytes:
    """Return float32[n] as a Variant of a one-dimensional Float array, copied once from its memory."""
    block = np.ascontiguousarray(samples, dtype="<f4")
    return _ARRAY_HEAD(_ARRAY_FLAG | TYPE_IDS["Float"], block.size) + block.tobytes()


def data_value(
    variant: bytes | None, status: int, source_ticks: int | None, server_ticks: int | None, times: int = BOTH
) -> bytes:
    """Return a DataValue: mask byte, then value, status and times, each only if present.

    Parameters
    ----------
    variant
        The encoded value; None for none, as when a Bad status leaves nothing to report.
    status
        StatusCode; 0 (Good) is left out, which means Good.
    source_ticks, server_ticks
        FILETIMEs; None for none.
    times
        Which times the reader asked for.
    """
    mask = 0
    parts = []
    if variant is not None:
        mask |= _HAS_VALUE
        parts.append(variant)
    if status:
        mask |= _HAS_STATUS
        parts.append(_STATUS(status))
    if source_ticks is not None and times in (SOURCE, BOTH):
        mask |= _HAS_SOURCE_TIME
        parts.append(_TIME(source_ticks))
    if server_ticks is not None and times in (SERVER, BOTH):
        mask |= _HAS_SERVER_TIME
        parts.append(_TIME(server_ticks))
    return b"".join((bytes((mask,)), *parts))
