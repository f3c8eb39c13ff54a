"""From bytes to payloads: strict about bounds, lenient about fields it does not know, as protobuf readers are."""

from typing import Any, Final

from emulator.devices.sparkplug.datatypes import ARRAYS, BLOBS, SIGNED, UNSIGNED, WORDS, DataType, array_values
from emulator.devices.sparkplug.encode import CELL, METRIC, PROPERTY, Fields
from emulator.devices.sparkplug.payload import DataSet, Metric, Parameter, Payload, Property, Template
from emulator.devices.sparkplug.protobuf import (
    LENGTH,
    VARINT,
    PayloadError,
    fields,
    read_double,
    read_float,
    read_varint,
)

DEEPEST: Final = 8
MOST_METRICS: Final = 200_000
_ARRAY_TYPES: Final = frozenset((*ARRAYS, DataType.BOOLEAN_ARRAY, DataType.STRING_ARRAY))
_WIRES: Final = (0, 0, 5, 1, 0, 2)


def decode(data: bytes) -> Payload:
    """Return what a payload says.

    Raises
    ------
    PayloadError
        It is no Sparkplug payload: cut off, nested deeper than 8 templates, text that is no UTF-8, a value of
        another kind than its type.

    """
    timestamp = seq = uuid = body = None
    metrics: list[Metric] = []
    for tag, wire, at, end in fields(data):
        if tag == 1 and wire == VARINT:
            timestamp = at
        elif tag == 2 and wire == LENGTH:
            if len(metrics) >= MOST_METRICS:
                raise PayloadError(f"more than {MOST_METRICS} metrics")
            metrics.append(_metric(data, at, end, 0))
        elif tag == 3 and wire == VARINT:
            seq = at
        elif tag == 4 and wire == LENGTH:
            uuid = _text(data, at, end)
        elif tag == 5 and wire == LENGTH:
            body = data[at:end]
    return Payload(timestamp, tuple(metrics), seq, uuid, body)


def _text(data: bytes, at: int, end: int) -> str:
    try:
        return data[at:end].decode()
    except UnicodeDecodeError:
        raise PayloadError("text that is no UTF-8") from None


def _type(number: int) -> DataType:
    try:
        return DataType(number)
    except ValueError:
        raise PayloadError(f"data type {number} is none") from None


def _scalar_at(tag: int, wire: int, data: bytes, at: int, end: int, places: Fields) -> tuple[DataType, Any] | None:
    """Return the kind of field a value came in and the value; None if the field is no value."""
    if tag not in places:
        return None
    index = places.index(tag)
    if wire != _WIRES[index]:
        raise PayloadError(f"field {tag} of wire type {wire}")
    match index:
        case 0 | 1:
            return (DataType.UINT32 if index == 0 else DataType.UINT64), at
        case 2:
            return DataType.FLOAT, read_float(data, at)
        case 3:
            return DataType.DOUBLE, read_double(data, at)
        case 4:
            return DataType.BOOLEAN, at != 0
        case _:
            return DataType.STRING, _text(data, at, end)


def as_type(kind: DataType, raw: DataType, value: Any) -> Any:
    """Return a raw field's value as its declared type has it.

    Raises
    ------
    PayloadError
        The field is not the one this type travels in.

    """
    bits = SIGNED.get(kind) or UNSIGNED.get(kind)
    if bits is not None:
        if raw is not (DataType.UINT64 if bits == 64 else DataType.UINT32):
            raise PayloadError(f"{kind.name} came as {raw.name}")
        value &= (1 << bits) - 1
        return value - (1 << bits) if kind in SIGNED and value >> bits - 1 else value
    wanted = DataType.STRING if kind in WORDS else kind
    if raw is not wanted:
        raise PayloadError(f"{kind.name} came as {raw.name}")
    return value


def _metric(data: bytes, start: int, stop: int, depth: int) -> Metric:
    name = alias = timestamp = kind = raw = None
    historical = transient = null = False
    properties: tuple[tuple[str, Property], ...] = ()
    value: Any = None
    for tag, wire, at, end in fields(data, start, stop):
        found = _scalar_at(tag, wire, data, at, end, METRIC)
        if found is not None:
            raw, value = found
        elif tag in (1, 9, 16, 17, 18) and wire == LENGTH:
            if tag == 1:
                name = _text(data, at, end)
            elif tag == 9:
                properties = _properties(data, at, end)
            elif tag == 16:
                raw, value = DataType.BYTES, data[at:end]
            elif tag == 17:
                raw, value = DataType.DATASET, _dataset(data, at, end)
            else:
                raw, value = DataType.TEMPLATE, _template(data, at, end, depth + 1)
        elif wire == VARINT:
            match tag:
                case 2:
                    alias = at
                case 3:
                    timestamp = at
                case 4:
                    kind = _type(at)
                case 5:
                    historical = at != 0
                case 6:
                    transient = at != 0
                case 7:
                    null = at != 0
    if null:
        value = None
    elif kind is not None and raw is not None:
        value = _declared(kind, raw, value)
    sent_as = raw if kind is None and value is not None else None
    return Metric(name, alias, timestamp, kind, value, sent_as, properties, historical, transient)


def _declared(kind: DataType, raw: DataType, value: Any) -> Any:
    if kind in BLOBS or kind in _ARRAY_TYPES:
        if raw is not DataType.BYTES:
            raise PayloadError(f"{kind.name} came as {raw.name}")
        if kind in BLOBS:
            return value
        try:
            return array_values(kind, value)
        except ValueError as problem:
            raise PayloadError(str(problem)) from None
    if kind in (DataType.DATASET, DataType.TEMPLATE):
        if raw is not kind:
            raise PayloadError(f"{kind.name} came as {raw.name}")
        return value
    return as_type(kind, raw, value)


def _properties(data: bytes, start: int, stop: int) -> tuple[tuple[str, Property], ...]:
    keys: list[str] = []
    values: list[Property] = []
    for tag, wire, at, end in fields(data, start, stop):
        if tag == 1 and wire == LENGTH:
            keys.append(_text(data, at, end))
        elif tag == 2 and wire == LENGTH:
            values.append(_property(data, at, end))
    if len(keys) != len(values):
        raise PayloadError(f"{len(keys)} property names and {len(values)} values")
    return tuple(zip(keys, values, strict=True))


def _property(data: bytes, start: int, stop: int) -> Property:
    kind: DataType | None = None
    found: tuple[DataType, Any] | None = None
    null = False
    for tag, wire, at, end in fields(data, start, stop):
        if tag == 1 and wire == VARINT:
            kind = _type(at)
        elif tag == 2 and wire == VARINT:
            null = at != 0
        else:
            found = _scalar_at(tag, wire, data, at, end, PROPERTY) or found
    if kind is None:
        raise PayloadError("a property without a type")
    return Property(kind, None if null or found is None else as_type(kind, *found))


def _dataset(data: bytes, start: int, stop: int) -> DataSet:
    columns: list[str] = []
    types: list[DataType] = []
    spans: list[tuple[int, int]] = []
    for tag, wire, at, end in fields(data, start, stop):
        if tag == 2 and wire == LENGTH:
            columns.append(_text(data, at, end))
        elif tag == 3:
            types += [_type(at)] if wire == VARINT else _packed(data, at, end)
        elif tag == 4 and wire == LENGTH:
            spans.append((at, end))
    if len(columns) != len(types):
        raise PayloadError(f"a data set of {len(columns)} columns and {len(types)} types")
    return DataSet(tuple(columns), tuple(types), tuple(_row(data, at, end, types) for at, end in spans))


def _packed(data: bytes, at: int, end: int) -> list[DataType]:
    found = []
    while at < end:
        number, at = read_varint(data, at, end)
        found.append(_type(number))
    return found


def _row(data: bytes, start: int, stop: int, types: list[DataType]) -> tuple[Any, ...]:
    cells: list[Any] = []
    for tag, wire, at, end in fields(data, start, stop):
        if tag == 1 and wire == LENGTH:
            found = None
            for inner in fields(data, at, end):
                found = _scalar_at(*inner[:2], data, *inner[2:], CELL) or found
            if len(cells) >= len(types):
                raise PayloadError("a row with more cells than columns")
            cells.append(None if found is None else as_type(types[len(cells)], *found))
    if len(cells) != len(types):
        raise PayloadError(f"a row of {len(cells)} cells and {len(types)} columns")
    return tuple(cells)


def _template(data: bytes, start: int, stop: int, depth: int) -> Template:
    if depth > DEEPEST:
        raise PayloadError(f"templates nested deeper than {DEEPEST}")
    metrics: list[Metric] = []
    parameters: list[Parameter] = []
    version = reference = None
    definition = False
    for tag, wire, at, end in fields(data, start, stop):
        if tag == 5 and wire == VARINT:
            definition = at != 0
        elif wire != LENGTH:
            continue
        elif tag == 1:
            version = _text(data, at, end)
        elif tag == 2:
            metrics.append(_metric(data, at, end, depth))
        elif tag == 3:
            parameters.append(_parameter(data, at, end))
        elif tag == 4:
            reference = _text(data, at, end)
    return Template(tuple(metrics), tuple(parameters), version, reference, definition)


def _parameter(data: bytes, start: int, stop: int) -> Parameter:
    name, kind = "", None
    found: tuple[DataType, Any] | None = None
    for tag, wire, at, end in fields(data, start, stop):
        if tag == 1 and wire == LENGTH:
            name = _text(data, at, end)
        elif tag == 2 and wire == VARINT:
            kind = _type(at)
        else:
            # A parameter's values have the field numbers of a property's.
            found = _scalar_at(tag, wire, data, at, end, PROPERTY) or found
    if kind is None:
        raise PayloadError("a template parameter without a type")
    return Parameter(name, kind, None if found is None else as_type(kind, *found))
