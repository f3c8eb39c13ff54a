"""Sparkplug payloads built field by field from the published protobuf definition: slow, obvious, and nobody's library."""

import struct


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 0x7F
        out += bytes([low | (0x80 if n else 0)])
        if not n:
            return out


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, str):
        return field(number, value.encode())
    return varint(number << 3) + varint(int(value) & 0xFFFFFFFFFFFFFFFF)


def f32(number, value):
    return varint(number << 3 | 5) + struct.pack("<f", value)


def f64(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


CARRIERS = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7), lambda v: field(10, v & 0xFFFFFFFF)),
    **dict.fromkeys((4, 8, 13), lambda v: field(11, v)),
    9: lambda v: f32(12, v),
    10: lambda v: f64(13, v),
    11: lambda v: field(14, v),
    **dict.fromkeys((12, 14, 15), lambda v: field(15, v)),
    16: lambda v: field(17, v),
    19: lambda v: field(18, v),
    **dict.fromkeys(range(22, 35), lambda v: field(16, v)),
}


def metric(
    name=None, value=None, kind=None, *, alias=None, t=None, historical=False, null=False, props=None, carrier=None
):
    out = b"" if name is None else field(1, name)
    out += b"" if alias is None else field(2, alias)
    out += b"" if t is None else field(3, t)
    out += b"" if kind is None else field(4, kind)
    out += field(5, 1) if historical else b""
    out += field(7, 1) if null else b""
    out += b"" if props is None else field(9, properties(props))
    if value is not None:
        out += CARRIERS[carrier or kind](value)
    return out


def properties(props):
    out = b"".join(field(1, key) for key in props)
    for kind, value in props.values():
        body = field(1, kind) + (f64(6, value) if kind == 10 else field(4 if kind in (4, 8) else 3, value))
        out += field(2, body)
    return out


def payload(*metrics, t=None, seq=None):
    out = b"" if t is None else field(1, t)
    out += b"".join(field(2, one) for one in metrics)
    return out + (b"" if seq is None else field(3, seq))


def dataset(columns, rows):
    """Columns are (name, type); cells are encoded by their column's type."""
    out = field(1, len(columns)) + b"".join(field(2, name) for name, _ in columns)
    out += b"".join(field(3, kind) for _, kind in columns)
    for row in rows:
        cells = b""
        for (_, kind), cell in zip(columns, row, strict=True):
            one = (
                {9: f32(3, cell), 10: f64(4, cell)}[kind]
                if kind in (9, 10)
                else field(2 if kind in (4, 8) else 1, cell)
            )
            cells += field(1, one)
        out += field(4, cells)
    return out


def template(*metrics, reference=None, definition=False):
    out = b"".join(field(2, one) for one in metrics)
    out += b"" if reference is None else field(4, reference)
    return out + field(5, definition)
