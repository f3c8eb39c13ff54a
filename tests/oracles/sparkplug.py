"""Sparkplug payloads read the slow way: recursive, by the schema's field numbers, sharing no code with anybody."""

import struct


def number(data, at):
    total = shift = 0
    while True:
        total |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return total, at
        shift += 7


def message(data):
    """Return [(field, value)] of a protobuf message; numbers for varints, bytes for the rest."""
    at, found = 0, []
    while at < len(data):
        key, at = number(data, at)
        if key & 7 == 0:
            value, at = number(data, at)
        else:
            if key & 7 == 2:
                size, at = number(data, at)
            else:
                size = 8 if key & 7 == 1 else 4
            value, at = data[at : at + size], at + size
        found.append((key >> 3, value))
    return found


def last(found, field):
    return next((value for name, value in reversed(found) if name == field), None)


def metric(data):
    found = message(data)
    name = last(found, 1)
    value = last(found, 10)
    for field, reader in (
        (11, int), (12, lambda raw: struct.unpack("<f", raw)[0]), (13, lambda raw: struct.unpack("<d", raw)[0]),
        (14, bool), (15, bytes.decode), (16, bytes),
    ):  # fmt: skip
        raw = last(found, field)
        value = value if raw is None else reader(raw)
    return {
        "name": None if name is None else name.decode(), "alias": last(found, 2), "timestamp": last(found, 3),
        "type": last(found, 4), "historical": bool(last(found, 5)), "null": bool(last(found, 7)), "value": value,
        "properties": properties(last(found, 9) or b""),
    }  # fmt: skip


def properties(data):
    """Return the properties of a metric: name → (type, number of an integer property or None)."""
    found = message(data)
    names = [value.decode() for field, value in found if field == 1]
    values = [message(value) for field, value in found if field == 2]
    return {name: (last(value, 1), last(value, 3)) for name, value in zip(names, values, strict=True)}


def plain(data):
    """Return a payload as a dictionary."""
    found = message(data)
    return {
        "timestamp": last(found, 1), "seq": last(found, 3),
        "metrics": [metric(value) for name, value in found if name == 2],
    }  # fmt: skip
