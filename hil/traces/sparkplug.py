"""Sparkplug B payloads in words, read field by field from the published schema (Sparkplug 3.0 §6.4.1)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

TYPES: Final = (
    "Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean",
    "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet", "PropertySetList",
)  # fmt: skip
_SIGNED: Final = {1: 8, 2: 16, 3: 32, 4: 64}
_MANY: Final = 6


class UnreadableError(ValueError):
    """Bytes that are no payload."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One field of a protobuf message: a number, or the bytes of anything else."""

    number: int
    wire: int
    value: Any


def pieces(data: bytes) -> Iterator[Piece]:
    """Yield the fields of a message.

    Raises
    ------
    UnreadableError
        The bytes end within a field, or a field is of no kind that protobuf has.

    """
    rest = memoryview(data)
    while rest:
        key, rest = _digits(rest)
        wire = key & 7
        if wire == 0:
            number, rest = _digits(rest)
            yield Piece(key >> 3, wire, number)
            continue
        if wire == 2:
            size, rest = _digits(rest)
        elif wire in (1, 5):
            size = {1: 8, 5: 4}[wire]
        else:
            raise UnreadableError(f"field {key >> 3} is of kind {wire}")
        if len(rest) < size:
            raise UnreadableError(f"field {key >> 3} is {size} bytes long and has {len(rest)}")
        yield Piece(key >> 3, wire, bytes(rest[:size]))
        rest = rest[size:]


def _digits(data: memoryview) -> tuple[int, memoryview]:
    total = 0
    for place, byte in enumerate(data[:10]):
        total += (byte & 127) << 7 * place
        if byte < 128:
            return total, data[place + 1 :]
    raise UnreadableError("a number has no end")


def describe(data: bytes) -> tuple[str, int | None]:
    """Return a payload in words, and its time [ms since 1970-01-01 UTC] if it has one."""
    try:
        found = list(pieces(data))
        at = next((piece.value for piece in found if piece.number == 1), None)
        words = [f"seq {piece.value}" for piece in found if piece.number == 3]
        metrics = [_metric(piece.value, at) for piece in found if piece.number == 2]
        words += [f"body of {len(piece.value)} bytes" for piece in found if piece.number == 5]
    except (UnreadableError, UnicodeDecodeError, struct.error, TypeError, AttributeError) as problem:
        return f"{len(data)} bytes that are no payload: {problem}", None
    more = f" and {len(metrics) - _MANY} more" if len(metrics) > _MANY else ""
    return " · ".join([*words, *([", ".join(metrics[:_MANY]) + more] if metrics else [])]) or "empty", at


def _metric(data: bytes, message_ms: int | None) -> str:
    field: dict[int, Piece] = {piece.number: piece for piece in pieces(data)}

    def got(number: int) -> Any:
        return field[number].value if number in field else None

    name = f"alias {got(2)}" if got(1) is None else got(1).decode()
    kind = got(4)
    shown = "null" if got(7) else _value(field, kind)
    marks = [f"alias {got(2)}"] if got(1) is not None and got(2) is not None else []
    marks += [] if kind is None else [TYPES[kind] if kind < len(TYPES) else f"type {kind}"]
    marks += ["historical"] if got(5) else []
    if got(3) is not None and message_ms is not None and got(3) != message_ms:
        marks.append(f"{(got(3) - message_ms) / 1000:+g} s")
    if got(9) is not None:
        marks += _quality(got(9))
    return f"{name} = {shown}" + (f" ({', '.join(marks)})" if marks else "")


def _quality(data: bytes) -> list[str]:
    found = list(pieces(data))
    names = [piece.value.decode() for piece in found if piece.number == 1]
    values = [piece.value for piece in found if piece.number == 2]
    for name, value in zip(names, values, strict=False):
        if name == "Quality":
            number = next((piece.value for piece in pieces(value) if piece.number == 3), None)
            return [] if number == 192 else [f"quality {number}"]
    return []


def _value(field: dict[int, Piece], kind: int | None) -> str:
    for number in (10, 11, 12, 13, 14, 15, 16, 17, 18):
        if number not in field:
            continue
        raw = field[number].value
        if number in (10, 11):
            bits = _SIGNED.get(kind or 0)
            if bits:
                raw &= (1 << bits) - 1
                raw -= (raw >> bits - 1) << bits
            return str(raw)
        if number in (12, 13):
            return f"{struct.unpack('<f' if number == 12 else '<d', raw)[0]:.6g}"
        if number == 14:
            return "true" if raw else "false"
        if number == 15:
            return f'"{raw.decode()}"'
        if number == 17:
            return f"{sum(piece.number == 4 for piece in pieces(raw))} rows"
        return f"{len(raw)} bytes"
    return "no value"
