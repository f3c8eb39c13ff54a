"""Sparkplug B payloads out of their bytes (Sparkplug 3.0, chapter 6.4; protocol buffers, version 2).

A decoder of our own, because a payload is a stranger's: every length is checked against what is there, and
depth, number of metrics and number of cells have limits, so that a message costs no more than its size.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

MAX_BYTES = 4 * 1024 * 1024
"""Largest payload looked at: a waveform of 300 000 samples fits."""
MAX_METRICS = 20_000
MAX_CELLS = 1_000_000
MAX_DEPTH = 6

BOOLEAN, STRING, DATETIME, TEXT, UUID, DATASET, BYTES, FILE, TEMPLATE = 11, 12, 13, 14, 15, 16, 17, 18, 19
FLOAT, DOUBLE = 9, 10
_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
_UNSIGNED = {5: 8, 6: 16, 7: 32, 8: 64, DATETIME: 64}
ARRAYS: dict[int, np.dtype[np.generic]] = {
    22: np.dtype("i1"), 23: np.dtype("<i2"), 24: np.dtype("<i4"), 25: np.dtype("<i8"),
    26: np.dtype("u1"), 27: np.dtype("<u2"), 28: np.dtype("<u4"), 29: np.dtype("<u8"),
    30: np.dtype("<f4"), 31: np.dtype("<f8"),
}  # fmt: skip

_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")
Field: TypeAlias = tuple[int, int, Any]
"""Number, wire type, and what stands there: an integer, or bytes of one of the three lengths."""


class PayloadError(ValueError):
    """The bytes are no Sparkplug payload, or one beyond the limits."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table: names of its columns, their types, and one array or list per column, all of `rows` cells."""

    columns: tuple[str, ...]
    types: tuple[int, ...]
    values: tuple[NDArray[np.generic] | list[Any], ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Template:
    """A structure: a definition, or an instance of one, with metrics of its own."""

    metrics: tuple["Metric", ...]
    reference: str | None
    definition: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """One value.

    Parameters
    ----------
    value : raw as the wire has it, `number` reads it by a type; None where there is none
    kind : field that carries it: "int", "long", "float", "double", "bool", "string", "bytes", "dataset", "template"
    timestamp : ms since 1970 UTC
    """

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None
    datatype: int | None = None
    historical: bool = False
    transient: bool = False
    null: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    kind: str | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Payload:
    """What one message carries; `timestamp` in ms since 1970 UTC."""

    timestamp: int | None
    seq: int | None
    metrics: tuple[Metric, ...]


def decode_payload(data: bytes) -> Payload:
    """Decode a payload.

    Raises
    ------
    PayloadError : truncated, malformed, too large or too deep
    """
    if len(data) > MAX_BYTES:
        raise PayloadError(f"a payload of {len(data)} bytes; at most {MAX_BYTES} are looked at")
    timestamp = seq = None
    metrics: list[Metric] = []
    for number, wire, value in _fields(data):
        if number == 1 and wire == 0:
            timestamp = value
        elif number == 2 and wire == 2:
            if len(metrics) >= MAX_METRICS:
                raise PayloadError(f"more than {MAX_METRICS} metrics in one payload")
            metrics.append(_metric(value, 0))
        elif number == 3 and wire == 0:
            seq = value
    return Payload(timestamp, seq, tuple(metrics))


def number(metric: Metric, datatype: int) -> float | int | None:
    """Read a metric's value as the number its type says; None when it is no number or the wrong field carries it."""
    kind, value = metric.kind, metric.value
    bits = _SIGNED.get(datatype) or _UNSIGNED.get(datatype)
    if bits is not None:
        if kind != ("long" if bits == 64 else "int"):
            return None
        value = int(value) & ((1 << bits) - 1)
        return value - (1 << bits) if datatype in _SIGNED and value >> (bits - 1) else value
    if (datatype, kind) in {(FLOAT, "float"), (DOUBLE, "double"), (BOOLEAN, "bool")}:
        return float(value) if kind != "bool" else int(value)
    return None


def array(metric: Metric, datatype: int) -> NDArray[np.generic] | None:
    """Read a numeric array type; None when the metric is none or its bytes are no whole number of elements."""
    dtype = ARRAYS.get(datatype)
    if dtype is None or metric.kind != "bytes" or len(metric.value) % dtype.itemsize:
        return None
    found: NDArray[np.generic] = np.frombuffer(metric.value, dtype)
    return found


# --- protocol buffers ---------------------------------------------------------------------------------------


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        try:
            byte = data[at]
        except IndexError:
            raise PayloadError("a number that does not end") from None
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise PayloadError("a number of more than ten bytes")


def _fields(data: bytes) -> Iterator[Field]:
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        if key < 0x80:
            at += 1
        else:
            key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise PayloadError("field number 0")
        value: Any
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 2:
            size, at = _varint(data, at)
            if size > end - at:
                raise PayloadError(f"a field of {size} bytes, of which {end - at} came")
            value = data[at : at + size]
            at += size
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
            if size > end - at:
                raise PayloadError("a truncated number")
            value = data[at : at + size]
            at += size
        else:
            raise PayloadError(f"wire type {wire}")
        yield number, wire, value


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise PayloadError("a text that is not UTF-8") from None


_INT_VALUES = {10: "int", 11: "long", 14: "bool"}


def _metric(data: bytes, depth: int) -> Metric:
    if depth > MAX_DEPTH:
        raise PayloadError(f"more than {MAX_DEPTH} levels")
    found: dict[str, Any] = {}
    for number, wire, value in _fields(data):
        if wire == 0:
            if number == 2:
                found["alias"] = value
            elif number == 3:
                found["timestamp"] = value
            elif number == 4:
                found["datatype"] = value
            elif number in _INT_VALUES:
                found["kind"], found["value"] = _INT_VALUES[number], bool(value) if number == 14 else value
            elif 5 <= number <= 7:
                found[("historical", "transient", "null")[number - 5]] = bool(value)
        elif wire == 5 and number == 12:
            found["kind"], found["value"] = "float", _F32.unpack(value)[0]
        elif wire == 1 and number == 13:
            found["kind"], found["value"] = "double", _F64.unpack(value)[0]
        elif wire == 2:
            if number == 1:
                found["name"] = _text(value)
            elif number == 9:
                found["properties"] = _properties(value, depth + 1)
            elif number == 15:
                found["kind"], found["value"] = "string", _text(value)
            elif number == 16:
                found["kind"], found["value"] = "bytes", value
            elif number == 17:
                found["kind"], found["value"] = "dataset", _dataset(value)
            elif number == 18:
                found["kind"], found["value"] = "template", _template(value, depth + 1)
    return Metric(**found)


def _properties(data: bytes, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise PayloadError(f"more than {MAX_DEPTH} levels")
    keys: list[str] = []
    values: list[Any] = []
    for number, wire, value in _fields(data):
        if wire == 2 and number == 1:
            keys.append(_text(value))
        elif wire == 2 and number == 2:
            values.append(_property(value, depth))
    if len(keys) != len(values):
        raise PayloadError(f"{len(keys)} property keys and {len(values)} values")
    return dict(zip(keys, values, strict=True))


def _property(data: bytes, depth: int) -> Any:
    kind, result = 0, None
    for number, wire, value in _fields(data):
        if wire == 0 and number == 1:
            kind = value
        elif wire == 0 and number == 2 and value:
            return None
        elif wire == 0 and number in (3, 4):
            bits = 32 if number == 3 else 64
            raw = value & ((1 << bits) - 1)
            result = raw - (1 << bits) if kind in _SIGNED and raw >> (bits - 1) else raw
        elif wire == 0 and number == 7:
            result = bool(value)
        elif wire == 5 and number == 5:
            result = _F32.unpack(value)[0]
        elif wire == 1 and number == 6:
            result = _F64.unpack(value)[0]
        elif wire == 2 and number == 8:
            result = _text(value)
        elif wire == 2 and number == 9:
            result = _properties(value, depth + 1)
    return result


def _template(data: bytes, depth: int) -> Template:
    metrics: list[Metric] = []
    reference, definition = None, False
    for number, wire, value in _fields(data):
        if wire == 2 and number == 2:
            metrics.append(_metric(value, depth))
        elif wire == 2 and number == 4:
            reference = _text(value)
        elif wire == 0 and number == 5:
            definition = bool(value)
    return Template(tuple(metrics), reference, definition)


# --- data sets ----------------------------------------------------------------------------------------------


def _dataset(data: bytes) -> DataSet:
    uniform = _uniform(data)
    columns: list[str] = []
    types: list[int] = []
    rows: list[list[Any]] = []
    count = 0
    for number, wire, value in _fields(data if uniform is None else data[: uniform[0]]):
        if wire == 0 and number == 1:
            count = value
        elif wire == 2 and number == 2:
            columns.append(_text(value))
        elif wire == 0 and number == 3:
            types.append(value)
        elif wire == 2 and number == 3:
            at = 0
            while at < len(value):
                kind, at = _varint(value, at)
                types.append(kind)
        elif wire == 2 and number == 4:
            row = [_cell(cell) for place, kind, cell in _fields(value) if (place, kind) == (1, 2)]
            if (len(rows) + 1) * max(1, len(row)) > MAX_CELLS:
                raise PayloadError(f"more than {MAX_CELLS} cells in one data set")
            rows.append(row)
    if count != len(columns) or len(types) != count:
        raise PayloadError(f"a data set of {count} columns with {len(columns)} names and {len(types)} types")
    if uniform is not None:
        if count != 1 or rows:
            raise PayloadError("a data set whose rows are not as wide as its columns")
        return DataSet(tuple(columns), tuple(types), (uniform[1],), uniform[1].shape[0])
    if any(len(row) != count for row in rows):
        raise PayloadError("a data set whose rows are not as wide as its columns")
    values = tuple(_column([row[place] for row in rows], kind) for place, kind in enumerate(types))
    return DataSet(tuple(columns), tuple(types), values, len(rows))


# A row of one float or double always has the same bytes before the number: row, element, value.
_UNIFORM = (
    (bytes.fromhex("22070a051d"), np.dtype([("head", "V5"), ("value", "<f4")])),
    (bytes.fromhex("220b0a0921"), np.dtype([("head", "V5"), ("value", "<f8")])),
)


def _uniform(data: bytes) -> tuple[int, NDArray[np.generic]] | None:
    """Read the rows of a data set of one float column without looking at each: where they begin, and the numbers."""
    for head, layout in _UNIFORM:
        at = data.find(head)
        size = len(data) - at
        if at < 0 or size % layout.itemsize or size // layout.itemsize > MAX_CELLS:
            continue
        rows = np.frombuffer(data, layout, offset=at)
        heads = np.frombuffer(data, np.uint8, offset=at).reshape(rows.shape[0], -1)[:, : len(head)]
        if (heads == np.frombuffer(head, np.uint8)).all():
            return at, np.ascontiguousarray(rows["value"])
    return None


def _cell(data: bytes) -> Any:
    result = None
    for number, wire, value in _fields(data):
        if wire == 0 and number in (1, 2):
            result = value
        elif wire == 5 and number == 3:
            result = _F32.unpack(value)[0]
        elif wire == 1 and number == 4:
            result = _F64.unpack(value)[0]
        elif wire == 0 and number == 5:
            result = bool(value)
        elif wire == 2 and number == 6:
            result = _text(value)
    return result


def _column(cells: list[Any], kind: int) -> NDArray[np.generic] | list[Any]:
    if kind in (FLOAT, DOUBLE) and all(isinstance(cell, float) for cell in cells):
        return np.array(cells, np.float32 if kind == FLOAT else np.float64)
    return [_typed(cell, kind) for cell in cells]


def _typed(value: Any, kind: int) -> Any:
    bits = _SIGNED.get(kind)
    if bits is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
