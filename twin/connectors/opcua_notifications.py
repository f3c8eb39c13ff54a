"""What a Publish response says, changes of value by column (OPC 10000-4, 5.14.5 and 7.25; OPC 10000-6, 5.2).

A server that reports many points of one type sends rows of one size. Such a run is read by viewing its bytes as a
table of numpy, and costs some tens of nanoseconds a value; rows of mixed shape are unpacked one by one with a
layout kept for each shape.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.connectors.opcua_values import SCALARS, UNIX_EPOCH_TICKS, DataValue, UndecodableError, decode_data_value

PUBLISH_RESPONSE = 829
SERVICE_FAULT = 397
_DATA_CHANGE = 811
_STATUS_CHANGE = 820
MAX_ITEMS = 2_000_000
_RUN = 16
"""Fewer rows than this are not worth a table."""
_CHUNK = 50_000

_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_HEAD = struct.Struct("<qII")
_FIELDS = {1: "?", 2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 8: "<i8", 9: "<u8", 10: "<f4", 11: "<f8"}
_NO_STATUS = np.uint32(0)


@dataclass(slots=True)
class Columns:
    """Changes of scalar numbers, in the order the server reported them.

    Parameters
    ----------
    handles, statuses : uint32[n]
    values : float64[n]; integers beyond 2**53 lose their last digits
    source_ticks, server_ticks : int64[n], FILETIME as sent; 0 where none came
    """

    handles: NDArray[np.uint32]
    values: NDArray[np.float64]
    statuses: NDArray[np.uint32]
    source_ticks: NDArray[np.int64]
    server_ticks: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.handles.shape[0])


@dataclass(slots=True)
class Changes:
    """Data changes of one notification: runs of scalars, and values of any other kind with their handles."""

    columns: list[Columns] = field(default_factory=list)
    others: list[tuple[int, DataValue]] = field(default_factory=list)


@dataclass(slots=True)
class Publish:
    """A Publish response.

    Parameters
    ----------
    result : StatusCode of the whole response; of a ServiceFault nothing else is set
    sequence : number of its notification message; a keep-alive names the next one to come
    changes : None in a keep-alive
    status : StatusCode of a StatusChangeNotification
    results : what became of the acknowledgements sent with the request
    """

    result: int
    subscription: int = 0
    available: tuple[int, ...] = ()
    more: bool = False
    sequence: int = 0
    changes: Changes | None = None
    status: int | None = None
    results: tuple[int, ...] = ()


def decode_publish(data: bytes) -> Publish:
    """Decode the body of a response to Publish, from its type id on.

    Raises
    ------
    UndecodableError : truncated, or no Publish response
    """
    try:
        return _publish(data)
    except (struct.error, IndexError) as error:
        raise UndecodableError(f"a truncated notification: {error}") from None


def decode_republish(data: bytes) -> Publish:
    """Decode the body of a response to Republish: a header and a notification message.

    Raises
    ------
    UndecodableError : as for `decode_publish`
    """
    try:
        kind, at = _type_id(data, 0)
        result, at = _header(data, at)
        found = Publish(result)
        if kind != SERVICE_FAULT and not result & 0x80000000:
            _message(data, at, found)
    except (struct.error, IndexError) as error:
        raise UndecodableError(f"a truncated notification: {error}") from None
    return found


def _publish(data: bytes) -> Publish:
    kind, at = _type_id(data, 0)
    result, at = _header(data, at)
    found = Publish(result)
    if kind == SERVICE_FAULT or result & 0x80000000:
        return found
    if kind != PUBLISH_RESPONSE:
        raise UndecodableError(f"message {kind} answers a Publish")
    (found.subscription,) = _U32.unpack_from(data, at)
    found.available, at = _numbers(data, at + 4)
    found.more = data[at] != 0
    at = _message(data, at + 1, found)
    found.results, _ = _numbers(data, at)
    return found


def _message(data: bytes, at: int, found: Publish) -> int:
    (found.sequence,) = _U32.unpack_from(data, at)
    (count,) = _I32.unpack_from(data, at + 12)
    at += 16
    for _ in range(max(0, count)):
        kind, at = _type_id(data, at)
        encoding, at = data[at], at + 1
        if encoding == 0:
            continue
        (size,) = _I32.unpack_from(data, at)
        at += 4
        if size < 0 or at + size > len(data):
            raise UndecodableError(f"a notification of {size} bytes, of which {len(data) - at} came")
        if kind == _DATA_CHANGE:
            found.changes = found.changes or Changes()
            _data_changes(data, at, at + size, found.changes)
        elif kind == _STATUS_CHANGE:
            (found.status,) = _U32.unpack_from(data, at)
        at += size
    return at


def _type_id(data: bytes, at: int) -> tuple[int, int]:
    """Read a numeric NodeId of namespace 0; anything else is a type nobody here knows (-1)."""
    form = data[at] & 0x3F
    if form == 0:
        return data[at + 1], at + 2
    if form == 1:
        return (-1 if data[at + 1] else data[at + 2] | data[at + 3] << 8), at + 4
    if form == 2:
        (number,) = _U32.unpack_from(data, at + 3)
        return (-1 if data[at + 1] | data[at + 2] else number), at + 7
    raise UndecodableError(f"a type id of form {form}")


def _header(data: bytes, at: int) -> tuple[int, int]:
    _, _, result = _HEAD.unpack_from(data, at)
    at = _diagnostics(data, at + 16, 0)
    (strings,) = _I32.unpack_from(data, at)
    at += 4
    for _ in range(max(0, strings)):
        (size,) = _I32.unpack_from(data, at)
        at += 4 + max(0, size)
    _, at = _type_id(data, at)
    encoding, at = data[at], at + 1
    if encoding:
        (size,) = _I32.unpack_from(data, at)
        at += 4 + max(0, size)
    return result, at


def _diagnostics(data: bytes, at: int, depth: int) -> int:
    if depth > 8:
        raise UndecodableError("diagnostics nested too deep")
    mask, at = data[at], at + 1
    at += 4 * (mask & 0x0F).bit_count()
    if mask & 0x10:
        (size,) = _I32.unpack_from(data, at)
        at += 4 + max(0, size)
    if mask & 0x20:
        at += 4
    return _diagnostics(data, at, depth + 1) if mask & 0x40 else at


def _numbers(data: bytes, at: int) -> tuple[tuple[int, ...], int]:
    (count,) = _I32.unpack_from(data, at)
    count = max(0, count)
    if at + 4 + 4 * count > len(data):
        raise UndecodableError(f"{count} numbers, of which {(len(data) - at) // 4} came")
    return struct.unpack_from(f"<{count}I", data, at + 4), at + 4 + 4 * count


# --- data changes -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Layout:
    """A row of one shape: client handle, encoding mask, value's type, and the parts the mask names."""

    table: np.dtype[np.void]
    size: int
    row: struct.Struct
    status: int
    source: int
    server: int


def _layout(mask: int, kind: int) -> _Layout:
    names, codes, place = ["handle", "mask", "kind", "value"], ["<u4", "u1", "u1", _FIELDS[kind]], {}
    form = "<IBB" + SCALARS[kind].format[1:]
    at = 4
    for bit, name, code, letter in (
        (0x02, "status", "<u4", "I"), (0x04, "source", "<i8", "q"), (0x10, "source_pico", "<u2", "H"),
        (0x08, "server", "<i8", "q"), (0x20, "server_pico", "<u2", "H"),
    ):  # fmt: skip
        if mask & bit:
            names.append(name)
            codes.append(code)
            form += letter
            place[name] = at
            at += 1
    table = np.dtype({"names": names, "formats": codes, "offsets": _offsets(codes), "itemsize": struct.calcsize(form)})
    return _Layout(
        table,
        table.itemsize,
        struct.Struct(form),
        place.get("status", -1),
        place.get("source", -1),
        place.get("server", -1),
    )


def _offsets(codes: list[str]) -> list[int]:
    sizes = [np.dtype(code).itemsize for code in codes]
    return [sum(sizes[:place]) for place in range(len(sizes))]


_LAYOUTS = {mask << 8 | kind: _layout(mask, kind) for mask in range(1, 64, 2) for kind in SCALARS}
Row = tuple[int, float, int, int, int]


def _data_changes(data: bytes, at: int, end: int, found: Changes) -> None:
    (count,) = _I32.unpack_from(data, at)
    at += 4
    if count > MAX_ITEMS or count * 5 > end - at:
        raise UndecodableError(f"{count} changes in {end - at} bytes")
    rows: list[Row] = []
    while count > 0:
        layout = _LAYOUTS.get(data[at + 4] << 8 | data[at + 5])
        if layout is None:
            (handle,) = _U32.unpack_from(data, at)
            value, at = decode_data_value(data, at + 4)
            _flush(rows, found)
            found.others.append((handle, value))
            count -= 1
        elif count >= _RUN:
            run, size = _run(data, at, end, count, layout) or _mixed(data, at, end, count)
            _flush(rows, found)
            found.columns.append(run)
            at += size
            count -= len(run)
        else:
            values = layout.row.unpack_from(data, at)
            rows.append((
                values[0], float(values[3]), values[layout.status] if layout.status > 0 else 0,
                values[layout.source] if layout.source > 0 else 0, values[layout.server] if layout.server > 0 else 0,
            ))  # fmt: skip
            at += layout.row.size
            count -= 1
    if at > end:
        raise UndecodableError("changes beyond the end of their notification")
    _flush(rows, found)


def _mixed(data: bytes, at: int, end: int, count: int) -> tuple[Columns, int]:
    """Walk over rows of several layouts, then gather those of each layout as a table."""
    begun, starts, keys = at, [], []
    for _ in range(min(count, _CHUNK)):
        key = data[at + 4] << 8 | data[at + 5]
        layout = _LAYOUTS.get(key)
        if layout is None:
            break
        starts.append(at)
        keys.append(key)
        at += layout.size
    if at > end:
        raise UndecodableError("changes beyond the end of their notification")
    raw, places, kinds = np.frombuffer(data, np.uint8), np.array(starts), np.array(keys)
    n = len(starts)
    all_ = Columns(
        np.empty(n, np.uint32), np.empty(n), np.zeros(n, np.uint32), np.zeros(n, np.int64), np.zeros(n, np.int64)
    )
    for key in np.unique(kinds).tolist():
        layout = _LAYOUTS[key]
        (where,) = np.nonzero(kinds == key)
        table = raw[places[where][:, None] + np.arange(layout.size)].view(layout.table)[:, 0]
        all_.handles[where], all_.values[where] = table["handle"], table["value"]
        if layout.status > 0:
            all_.statuses[where] = table["status"]
        if layout.source > 0:
            all_.source_ticks[where] = table["source"]
        if layout.server > 0:
            all_.server_ticks[where] = table["server"]
    return all_, at - begun


def _run(data: bytes, at: int, end: int, count: int, layout: _Layout) -> tuple[Columns, int] | None:
    """View the rows that follow as a table, as far as they have this layout; None where they are too few."""
    count = min(count, (end - at) // layout.table.itemsize)
    if count < _RUN:
        return None
    table = np.frombuffer(data, layout.table, count, at)
    alike = (table["mask"] == data[at + 4]) & (table["kind"] == data[at + 5])
    if not alike.all():
        count = int(alike.argmin())
        if count < _RUN:
            return None
        table = table[:count]
    none = np.broadcast_to(np.int64(0), count)
    return (
        Columns(
            table["handle"],
            table["value"].astype(np.float64),
            table["status"] if layout.status > 0 else np.broadcast_to(_NO_STATUS, count),
            table["source"] if layout.source > 0 else none,
            table["server"] if layout.server > 0 else none,
        ),
        count * layout.size,
    )


def _flush(rows: list[Row], found: Changes) -> None:
    if not rows:
        return
    handles, values, statuses, sources, servers = zip(*rows, strict=True)
    found.columns.append(
        Columns(
            np.array(handles, np.uint32),
            np.array(values, np.float64),
            np.array(statuses, np.uint32),
            np.array(sources, np.int64),
            np.array(servers, np.int64),
        )
    )
    rows.clear()


def changes_in_order(changes: Changes) -> Iterator[tuple[int, DataValue]]:
    """Go through all changes as handle and value, runs first; the order of one handle's own changes is kept."""
    for run in changes.columns:
        for handle, value, status, source, server in zip(
            run.handles.tolist(), run.values.tolist(), run.statuses.tolist(),
            run.source_ticks.tolist(), run.server_ticks.tolist(), strict=True,
        ):  # fmt: skip
            yield handle, DataValue(value, status, _ns(source), _ns(server))
    yield from changes.others


def _ns(ticks: int) -> int | None:
    return (ticks - UNIX_EPOCH_TICKS) * 100 if 0 < ticks < 0x7FFFFFFFFFFFFFFF else None
