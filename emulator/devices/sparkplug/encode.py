"""From payloads to bytes: the Sparkplug B schema (Sparkplug 3.0 §6.4.1) in protobuf's wire format."""

from typing import Any, Final

import numpy as np

from emulator.devices.sparkplug.datatypes import ARRAYS, BLOBS, SIGNED, UNSIGNED, WORDS, DataType, array_bytes, bounds
from emulator.devices.sparkplug.payload import DataSet, Metric, Parameter, Payload, Property, SampleColumn, Template
from emulator.devices.sparkplug.protobuf import bytes_field, double_field, float_field, number_field, varint

# Field numbers of int, long, float, double, boolean and string value in each message that carries one.
Fields = tuple[int, int, int, int, int, int]
METRIC: Final[Fields] = (10, 11, 12, 13, 14, 15)
PROPERTY: Final[Fields] = (3, 4, 5, 6, 7, 8)
CELL: Final[Fields] = (1, 2, 3, 4, 5, 6)
_ARRAYS: Final = frozenset((*ARRAYS, DataType.BOOLEAN_ARRAY, DataType.STRING_ARRAY))


def scalar(kind: DataType, value: Any, at: Fields) -> bytes:
    """Return a scalar as the field its type asks for.

    Raises
    ------
    ValueError
        The value does not fit its type, or the type is no scalar.

    """
    if kind is DataType.DOUBLE:
        return double_field(at[3], value)
    if kind is DataType.FLOAT:
        return float_field(at[2], value)
    if kind is DataType.BOOLEAN:
        return number_field(at[4], 1 if value else 0)
    if kind in WORDS:
        return bytes_field(at[5], value.encode())
    limits = bounds(kind)
    if limits is None:
        raise ValueError(f"{kind.name} is no scalar type")
    if not limits[0] <= value <= limits[1]:
        raise ValueError(f"{value} does not fit {kind.name}: {limits[0]} to {limits[1]}")
    if (SIGNED.get(kind) or UNSIGNED[kind]) == 64:
        return number_field(at[1], value & 0xFFFFFFFFFFFFFFFF)
    return number_field(at[0], value & 0xFFFFFFFF)


def _property(prop: Property) -> bytes:
    head = number_field(1, prop.type)
    return head + (number_field(2, 1) if prop.value is None else scalar(prop.type, prop.value, PROPERTY))


def _properties(items: tuple[tuple[str, Property], ...]) -> bytes:
    keys = b"".join(bytes_field(1, key.encode()) for key, _ in items)
    return keys + b"".join(bytes_field(2, _property(prop)) for _, prop in items)


def _dataset(table: DataSet) -> bytes:
    out = [number_field(1, len(table.columns))]
    out += [bytes_field(2, name.encode()) for name in table.columns]
    out += [number_field(3, kind) for kind in table.types]
    for row in table.rows:
        cells = b"".join(
            bytes_field(1, scalar(kind, value, CELL)) for kind, value in zip(table.types, row, strict=True)
        )
        out.append(bytes_field(4, cells))
    return b"".join(out)


def _samples(table: SampleColumn) -> bytes:
    """Rows of one Float cell are nine bytes each, five of them the same: filled in as an array."""
    samples = np.ascontiguousarray(table.samples, dtype="<f4")
    rows = np.empty((samples.size, 9), np.uint8)
    rows[:, :5] = (0x22, 7, 0x0A, 5, 0x1D)
    rows[:, 5:] = samples.view(np.uint8).reshape(-1, 4)
    return number_field(1, 1) + bytes_field(2, table.column.encode()) + number_field(3, DataType.FLOAT) + rows.tobytes()


def _parameter(parameter: Parameter) -> bytes:
    head = bytes_field(1, parameter.name.encode()) + number_field(2, parameter.type)
    return head + (b"" if parameter.value is None else scalar(parameter.type, parameter.value, PROPERTY))


def _template(template: Template) -> bytes:
    out = [] if template.version is None else [bytes_field(1, template.version.encode())]
    out += [bytes_field(2, metric_bytes(metric)) for metric in template.metrics]
    out += [bytes_field(3, _parameter(parameter)) for parameter in template.parameters]
    if template.reference is not None:
        out.append(bytes_field(4, template.reference.encode()))
    out.append(number_field(5, 1 if template.definition else 0))
    return b"".join(out)


def _value(kind: DataType, value: Any) -> bytes:
    if isinstance(value, SampleColumn):
        return bytes_field(17, _samples(value))
    if kind is DataType.DATASET:
        return bytes_field(17, _dataset(value))
    if kind is DataType.TEMPLATE:
        return bytes_field(18, _template(value))
    if kind in BLOBS:
        return bytes_field(16, bytes(value))
    if kind in _ARRAYS:
        return bytes_field(16, array_bytes(kind, value))
    return scalar(kind, value, METRIC)


def metric_bytes(metric: Metric) -> bytes:
    """Return one metric as a protobuf message.

    Raises
    ------
    ValueError
        A value without a type, or one that does not fit its type.

    """
    out = []
    if metric.name is not None:
        out.append(bytes_field(1, metric.name.encode()))
    if metric.alias is not None:
        out.append(b"\x10" + varint(metric.alias))
    if metric.timestamp is not None:
        out.append(b"\x18" + varint(metric.timestamp))
    if metric.type is not None:
        out.append(b"\x20" + varint(metric.type))
    if metric.historical:
        out.append(b"\x28\x01")
    if metric.transient:
        out.append(b"\x30\x01")
    if metric.value is None:
        out.append(b"\x38\x01")
    if metric.properties:
        out.append(bytes_field(9, _properties(metric.properties)))
    if metric.value is not None:
        kind = metric.sent_as or metric.type
        if kind is None:
            raise ValueError(f"metric {metric.name or metric.alias} has a value and no type to write it as")
        out.append(_value(kind, metric.value))
    return b"".join(out)


def encode(payload: Payload) -> bytes:
    """Return a payload as it travels.

    Raises
    ------
    ValueError
        A metric that cannot be written; the message says which rule it breaks.

    """
    out = [] if payload.timestamp is None else [b"\x08" + varint(payload.timestamp)]
    for metric in payload.metrics:
        data = metric_bytes(metric)
        out.append(b"\x12" + varint(len(data)) + data)
    if payload.seq is not None:
        out.append(b"\x18" + varint(payload.seq))
    if payload.uuid is not None:
        out.append(bytes_field(4, payload.uuid.encode()))
    if payload.body is not None:
        out.append(bytes_field(5, payload.body))
    return b"".join(out)
