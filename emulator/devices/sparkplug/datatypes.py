"""Sparkplug data types and how a value of each becomes one field of a protobuf message (Sparkplug 3.0 §6.4.16)."""

import math
import struct
from enum import IntEnum
from typing import Any, Final

import numpy as np


class DataType(IntEnum):
    """The numbers that name a metric's type on the wire."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTY_SET = 20
    PROPERTY_SET_LIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


BY_NAME: Final = {
    "Int8": DataType.INT8, "Int16": DataType.INT16, "Int32": DataType.INT32, "Int64": DataType.INT64,
    "UInt8": DataType.UINT8, "UInt16": DataType.UINT16, "UInt32": DataType.UINT32, "UInt64": DataType.UINT64,
    "Float": DataType.FLOAT, "Double": DataType.DOUBLE, "Boolean": DataType.BOOLEAN, "String": DataType.STRING,
    "DateTime": DataType.DATETIME, "Text": DataType.TEXT, "UUID": DataType.UUID, "Bytes": DataType.BYTES,
}  # fmt: skip
SIGNED: Final = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
UNSIGNED: Final = {
    DataType.UINT8: 8, DataType.UINT16: 16, DataType.UINT32: 32, DataType.UINT64: 64, DataType.DATETIME: 64,
}  # fmt: skip
WORDS: Final = frozenset((DataType.STRING, DataType.TEXT, DataType.UUID))
BLOBS: Final = frozenset((DataType.BYTES, DataType.FILE))
ARRAYS: Final = {
    DataType.INT8_ARRAY: "<i1", DataType.INT16_ARRAY: "<i2", DataType.INT32_ARRAY: "<i4", DataType.INT64_ARRAY: "<i8",
    DataType.UINT8_ARRAY: "<u1", DataType.UINT16_ARRAY: "<u2", DataType.UINT32_ARRAY: "<u4",
    DataType.UINT64_ARRAY: "<u8", DataType.FLOAT_ARRAY: "<f4", DataType.DOUBLE_ARRAY: "<f8",
    DataType.DATETIME_ARRAY: "<u8",
}  # fmt: skip


def bounds(kind: DataType) -> tuple[int, int] | None:
    """Return the lowest and highest whole number a type holds; None for types that are no whole number."""
    if kind in SIGNED:
        bits = SIGNED[kind]
        return -(1 << bits - 1), (1 << bits - 1) - 1
    return (0, (1 << UNSIGNED[kind]) - 1) if kind in UNSIGNED else None


def held(kind: DataType, value: Any) -> Any:
    """Return a reading as a metric of that type holds it: rounded and clamped to the type; None where it cannot."""
    limits = bounds(kind)
    if limits is not None:
        number = float(value)
        return None if math.isnan(number) else int(min(max(round_or_end(number, limits), limits[0]), limits[1]))
    if kind is DataType.BOOLEAN:
        return bool(value)
    if kind is DataType.FLOAT:
        return float(np.float32(value))
    if kind is DataType.UUID:
        digits = f"{int(value) & (1 << 128) - 1:032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if kind in WORDS:
        return str(value)
    if kind in BLOBS:
        return struct.pack("<d", float(value))
    return float(value)


def round_or_end(number: float, limits: tuple[int, int]) -> int:
    """Return a finite number rounded, an infinite one as the end of the range it points to."""
    if math.isinf(number):
        return limits[1] if number > 0 else limits[0]
    return round(number)


def array_bytes(kind: DataType, values: Any) -> bytes:
    """Return an array as it lies in `bytes_value` (Sparkplug 3.0 §6.4.16): little endian, strings zero-terminated."""
    if kind is DataType.BOOLEAN_ARRAY:
        bits = np.asarray(values, dtype=bool)
        return struct.pack("<I", bits.size) + np.packbits(bits).tobytes()
    if kind is DataType.STRING_ARRAY:
        return b"".join(text.encode() + b"\0" for text in values)
    return np.asarray(values).astype(ARRAYS[kind]).tobytes()


def array_values(kind: DataType, data: bytes) -> Any:
    """Return what `array_bytes` packed: a NumPy array, or a tuple of strings.

    Raises
    ------
    ValueError
        The bytes do not divide into elements, or more bits are said than there are.

    """
    if kind is DataType.BOOLEAN_ARRAY:
        if len(data) < 4 or (struct.unpack_from("<I", data)[0] + 7) // 8 != len(data) - 4:
            raise ValueError("a Boolean array's count does not fit its bytes")
        count = struct.unpack_from("<I", data)[0]
        return np.unpackbits(np.frombuffer(data, np.uint8, offset=4), count=count).astype(bool)
    if kind is DataType.STRING_ARRAY:
        if data and not data.endswith(b"\0"):
            raise ValueError("a String array must end with a zero byte")
        return tuple(part.decode() for part in data.split(b"\0")[:-1])
    return np.frombuffer(data, ARRAYS[kind])
