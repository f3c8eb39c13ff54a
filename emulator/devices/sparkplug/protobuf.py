"""The part of protobuf's wire format that Sparkplug payloads need: varints, fixed words and length-delimited fields."""

import struct
from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
_SMALL: Final = [bytes((number,)) for number in range(128)]
_F64 = struct.Struct("<d")
_F32 = struct.Struct("<f")


class PayloadError(ValueError):
    """Bytes that are no Sparkplug payload."""


def varint(number: int) -> bytes:
    """Return a non-negative number below 2**64 as base-128 digits, lowest first."""
    if number < 128:
        return _SMALL[number]
    out = bytearray()
    while number > 127:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number_field(tag: int, number: int) -> bytes:
    """Return a field of kind varint."""
    return varint(tag << 3) + varint(number)


def bytes_field(tag: int, data: bytes) -> bytes:
    """Return a length-delimited field: bytes, text or a message."""
    return varint(tag << 3 | LENGTH) + varint(len(data)) + data


def double_field(tag: int, number: float) -> bytes:
    """Return a field of eight bytes."""
    return varint(tag << 3 | FIXED64) + _F64.pack(number)


def float_field(tag: int, number: float) -> bytes:
    """Return a field of four bytes; a number too large for it becomes infinite."""
    try:
        return varint(tag << 3 | FIXED32) + _F32.pack(number)
    except OverflowError:
        return varint(tag << 3 | FIXED32) + _F32.pack(float("inf") if number > 0 else float("-inf"))


def read_varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number at `at` and where it ends.

    Raises
    ------
    PayloadError
        It runs past `end`, or past ten bytes or 64 bits.

    """
    number = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 128:
            if number >> 64:
                raise PayloadError("a varint of more than 64 bits")
            return number, at
        shift += 7
        if shift > 63:
            raise PayloadError("a varint of more than ten bytes")
    raise PayloadError("a varint is cut off")


def fields(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int, int]]:
    """Yield (tag, wire type, value or start, end) of each field of a message.

    Of a varint the third item is the number; of the others it is where the value starts and the fourth where it ends.

    Raises
    ------
    PayloadError
        A field that is cut off, has tag 0, or is of a wire type protobuf no longer has.

    """
    end = len(data) if end is None else end
    at = start
    while at < end:
        key, at = read_varint(data, at, end)
        tag, wire = key >> 3, key & 7
        if not 0 < tag < 1 << 29:
            raise PayloadError(f"field number {tag} is none")
        if wire == VARINT:
            number, at = read_varint(data, at, end)
            yield tag, wire, number, at
            continue
        if wire == LENGTH:
            size, at = read_varint(data, at, end)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise PayloadError(f"wire type {wire} is none that Sparkplug uses")
        if size > end - at:
            raise PayloadError(f"field {tag} says {size} bytes and has {end - at}")
        yield tag, wire, at, at + size
        at += size


def read_double(data: bytes, at: int) -> float:
    """Return eight bytes as a float."""
    number: float = _F64.unpack_from(data, at)[0]
    return number


def read_float(data: bytes, at: int) -> float:
    """Return four bytes as a float."""
    number: float = _F32.unpack_from(data, at)[0]
    return number
