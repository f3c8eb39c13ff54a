"""Monitored items side by side: thousands of scalars of one type sampled, filtered and queued as columns.

A commit compares whole columns, keeps the rows that changed, and a publish writes them into one array of records that
is the notification's bytes: no object and no Python step for a single value. The law is that of `DataItem` and
`ItemQueue`; a test holds the two side by side.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from emulator.devices.image import Columns
from emulator.devices.opcua import values
from emulator.devices.opcua.subscriptions.filters import STATUS, STATUS_VALUE_TIME
from emulator.devices.opcua.subscriptions.item import SECOND, DataItem, Pace
from emulator.devices.opcua.subscriptions.queues import OVERFLOW, Sample
from emulator.devices.opcua.subscriptions.sources import ServedSource

WORTH_A_GROUP: Final = 16  # below, single items are quicker than the columns' fixed cost
_BAD: Final = np.uint32(0x80000000)
_LAST_TICK: Final = (1 << 63) - 1

# A notification at its longest, for each type of value; what a row leaves out is cut from its bytes.
_RECORDS: Final = {
    type_: np.dtype(
        [
            ("handle", "<u4"), ("mask", "u1"), ("type", "u1"), ("value", wire), ("status", "<u4"),
            ("source", "<i8"), ("server", "<i8"),
        ]
    )
    for type_, wire in values.WIRE.items()
}  # fmt: skip
_AS_BITS: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("u1"), 4: np.dtype("<u4"), 8: np.dtype("<u8")}


class Key(NamedTuple):
    """What the items of one group have in common."""

    times: int
    interval_ns: int
    trigger: int
    size: int
    discard_oldest: bool
    type_: str = "Double"


class Rows(NamedTuple):
    """Queued samples of one look: row numbers (ascending), values as on the wire, whether there is one, the rest."""

    rows: npt.NDArray[np.intp]
    values: npt.NDArray[Any]
    has: npt.NDArray[np.bool_]
    status: npt.NDArray[np.uint32]
    source: npt.NDArray[np.int64]
    server: npt.NDArray[np.int64]

    def where(self, which: npt.NDArray[Any] | slice) -> "Rows":
        """Return some of them."""
        return Rows._make(column[which] for column in self)


def _plain_record(record: np.dtype[Any], times: int) -> np.dtype[Any]:
    """Return the record of a good value: everything but the status, and the times asked for."""
    names = ["handle", "mask", "type", "value"]
    names += ["source"] * (times in (values.SOURCE, values.BOTH)) + ["server"] * (times in (values.SERVER, values.BOTH))
    return np.dtype([(name, record.fields[name][0]) for name in names])  # type: ignore[index]


class Group:
    """Reporting items on scalar values with one `Key`.

    Parameters
    ----------
    key : Key
        What they share.
    columns : Columns
        The image's, for where each point stands in them.

    Attributes
    ----------
    count : int
        Notifications that wait.

    """

    def __init__(self, key: Key, columns: Columns) -> None:
        self.key = key
        self.items: list[DataItem] = []
        self.count = 0
        self._index = columns.index
        self._pace = Pace(key.interval_ns / SECOND)
        self._wire = values.WIRE[key.type_]
        self._bits = _AS_BITS[self._wire.itemsize]
        self._record = _RECORDS[key.type_]
        self._plain = _plain_record(self._record, key.times)
        self._queue: list[Rows] = []
        self._at = self._whole = np.zeros(0, dtype=np.intp)
        self._handles = np.zeros(0, dtype="<u4")
        self._deadbands: npt.NDArray[np.float64] | None = None
        self._values: npt.NDArray[Any] = np.zeros(0, dtype=self._wire)
        self._has = np.zeros(0, dtype=bool)
        self._status = np.zeros(0, dtype=np.uint32)
        self._source = np.zeros(0, dtype=np.int64)
        self._shared = False
        self._fresh = np.zeros(0, dtype=bool)
        self._queued = np.zeros(0, dtype=np.int32)

    # --- who belongs to it --------------------------------------------------------------------------------------

    def adopt(self, items: list[DataItem]) -> None:
        """Take items in, with what they reported last and what they have queued."""
        first = len(self.items)
        self.items += items
        self._own()
        self._describe()
        last = [item.last for item in items]
        self._values = np.append(self._values, self._column(last))
        self._has = np.append(self._has, np.array([s is not None and s.variant is not None for s in last], dtype=bool))
        self._status = np.append(self._status, np.array([0 if s is None else s.status for s in last], dtype=np.uint32))
        self._source = np.append(self._source, np.array([(s and s.source) or 0 for s in last], dtype=np.int64))
        self._fresh = np.append(self._fresh, np.array([s is None for s in last], dtype=bool))
        self._queued = np.append(self._queued, np.zeros(len(items), dtype=np.int32))
        depth = 0
        while level := [(first + i, item.queue.samples[depth]) for i, item in enumerate(items)
                        if len(item.queue.samples) > depth]:  # fmt: skip
            self._put(self._rows(level))
            depth += 1
        for item in items:
            item.queue.samples.clear()
            item.grouped = self

    def release(self, gone: list[DataItem]) -> None:
        """Let items go on as single ones, with what they reported last and what they have queued."""
        places = {item.id: row for row, item in enumerate(self.items)}
        rows = sorted(places[item.id] for item in gone)
        leaving = np.zeros(len(self.items), dtype=bool)
        leaving[rows] = True
        for row in rows:
            self._let_go(row)
        kept = []
        for chunk in self._queue:
            out = leaving[chunk.rows]
            for row, value, has, status, source, server in zip(*(c.tolist() for c in chunk.where(out)), strict=True):
                item = self.items[row]
                item.queue.samples.append(Sample(self._variant(value, has), status, source, server))
            kept.append(chunk.where(~out))
        staying = ~leaving
        moved = np.cumsum(staying) - 1
        self._queue = [chunk._replace(rows=moved[chunk.rows]) for chunk in kept if chunk.rows.size]
        self.items = [item for item, stays in zip(self.items, staying.tolist(), strict=True) if stays]
        self._values, self._has, self._status = self._values[staying], self._has[staying], self._status[staying]
        self._source, self._fresh, self._queued = self._source[staying], self._fresh[staying], self._queued[staying]
        self.count = int(self._queued.sum())
        self._describe()

    def _let_go(self, row: int) -> None:
        item = self.items[row]
        item.grouped = None
        item.forget()
        item.pace.next_ns = self._pace.next_ns
        if not self._fresh[row]:
            value, has = self._values[row].item(), bool(self._has[row])
            item.last = Sample(self._variant(value, has), int(self._status[row]), int(self._source[row]), None)
            item.adopt_number(float(value) if has else None)

    def _describe(self) -> None:
        """Write down what does not change from look to look."""
        items = self.items
        self._at = np.array([self._index[_point(item)] for item in items], dtype=np.intp)
        self._whole = np.arange(len(items))
        self._handles = np.array([item.handle for item in items], dtype="<u4")
        bands = [-1.0 if item.rule.deadband is None else item.rule.deadband for item in items]
        self._deadbands = np.array(bands) if max(bands, default=-1.0) >= 0 else None

    # --- looking ------------------------------------------------------------------------------------------------

    def sample(self, columns: Columns, t_ns: int, server_ticks: int) -> None:
        """Look at all rows, if it is time, and queue what is worth it.

        Parameters
        ----------
        columns
            The image's.
        t_ns
            Plant time [ns].
        server_ticks
            The device's clock, FILETIME.

        """
        if not self.items or not self._pace.due(t_ns):
            return
        look = self._look(columns, server_ticks)
        worth = self._worth(look)
        if not worth.all():
            if not worth.any():
                return
            look = look.where(worth)
        rows = look.rows
        if rows.size == self._whole.size:
            self._values, self._has, self._status, self._source = look.values, look.has, look.status, look.source
            self._shared = True  # with the queue
        else:
            self._own()
            self._values[rows], self._has[rows] = look.values, look.has
            self._status[rows], self._source[rows] = look.status, look.source
        self._fresh[rows] = False
        self._put(look)

    def _own(self) -> None:
        """Make what was reported last ours to write in."""
        if self._shared:
            self._shared = False
            self._values, self._has = self._values.copy(), self._has.copy()
            self._status, self._source = self._status.copy(), self._source.copy()

    def _look(self, columns: Columns, server_ticks: int) -> Rows:
        at = self._at
        status = columns.status[at]
        source = columns.t_ns[at] // values.NANOSECONDS_PER_TICK + values.UNIX_EPOCH_TICKS
        np.clip(source, 0, _LAST_TICK, out=source)
        server = np.full(at.size, server_ticks, dtype=np.int64)
        numbers = values.fit_column(self.key.type_, columns.values[at])
        return Rows(self._whole, numbers, status < _BAD, status, source, server)

    def _worth(self, look: Rows) -> npt.NDArray[np.bool_]:
        """Apply the filter of every row against what it queued last."""
        worth = self._fresh | (look.status != self._status)
        trigger = self.key.trigger
        if trigger == STATUS:
            return worth
        moved = look.values.view(self._bits) != self._values.view(self._bits)
        moved &= look.has & self._has
        if self._deadbands is not None:
            with np.errstate(invalid="ignore"):
                step = np.subtract(look.values, self._values, dtype=np.float64)
                moved &= ~(np.abs(step) <= self._deadbands)
        moved |= look.has != self._has
        worth |= moved
        if trigger == STATUS_VALUE_TIME:
            later = look.source != self._source
            worth |= later if self._deadbands is None else later & (self._deadbands < 0)
        return worth

    # --- queueing -----------------------------------------------------------------------------------------------

    def _put(self, look: Rows) -> None:
        """Queue samples, at the cost of others where a row has no room."""
        full = self._queued[look.rows] >= self.key.size
        if full.any():
            look = self._make_room(look, full)
        self._queued[look.rows] += 1
        self._queue.append(look)
        self.count += look.rows.size

    def _make_room(self, look: Rows, full: npt.NDArray[np.bool_]) -> Rows:
        """Discard a queued sample of each full row, and mark the gap; returns the samples that come, marked."""
        rows = look.rows[full]
        oldest = self.key.discard_oldest or self.key.size == 1
        self._discard(rows, oldest=oldest)
        if self.key.size == 1:
            return look
        if not oldest:
            return look._replace(status=np.where(full, look.status | np.uint32(OVERFLOW), look.status))
        wanted = np.zeros(len(self.items), dtype=bool)
        wanted[rows] = True
        for i, chunk in enumerate(self._queue):
            hit = wanted[chunk.rows]
            if hit.any():
                wanted[chunk.rows] = False
                marked = np.where(hit, chunk.status | np.uint32(OVERFLOW), chunk.status)
                self._queue[i] = chunk._replace(status=marked)
                if not wanted.any():
                    break
        return look

    def _discard(self, rows: npt.NDArray[np.intp], *, oldest: bool) -> None:
        """Discard the oldest or newest queued sample of each of `rows`."""
        wanted = np.zeros(len(self.items), dtype=bool)
        wanted[rows] = True
        order = range(len(self._queue)) if oldest else range(len(self._queue) - 1, -1, -1)
        for i in order:
            chunk = self._queue[i]
            hit = wanted[chunk.rows]
            if hit.any():
                wanted[chunk.rows] = False
                self._queue[i] = chunk.where(~hit)
                if not wanted.any():
                    break
        self._queue = [chunk for chunk in self._queue if chunk.rows.size]
        self._queued[rows] -= 1
        self.count -= rows.size

    # --- publishing ---------------------------------------------------------------------------------------------

    def take(self, most: int) -> tuple[int, bytes]:
        """Hand over and forget at most `most` notifications, oldest first; returns their number and bytes."""
        taken, number = [], 0
        while self._queue and number < most:
            chunk = self._queue[0]
            if chunk.rows.size > most - number:
                self._queue[0] = chunk.where(slice(most - number, None))
                chunk = chunk.where(slice(most - number))
            else:
                self._queue.pop(0)
            number += chunk.rows.size
            self._queued[chunk.rows] -= 1
            taken.append(chunk)
        self.count -= number
        return number, b"".join([self._encode(chunk) for chunk in taken])

    def _encode(self, chunk: Rows) -> bytes:
        """Return MonitoredItemNotifications (OPC 10000-4 §7.25.2): handle, then DataValue."""
        times = self.key.times
        time_bits = 0x04 * (times in (values.SOURCE, values.BOTH)) + 0x08 * (times in (values.SERVER, values.BOTH))
        plain = bool(chunk.has.all()) and not chunk.status.any()
        records = np.empty(chunk.rows.size, dtype=self._plain if plain else self._record)
        records["handle"] = self._handles[chunk.rows]
        records["type"] = values.TYPE_IDS[self.key.type_]
        records["value"] = chunk.values
        for name, bit, column in (("source", 0x04, chunk.source), ("server", 0x08, chunk.server)):
            if time_bits & bit:
                records[name] = column
        if plain:
            records["mask"] = 0x01 | time_bits
            return records.tobytes()
        records["status"] = chunk.status
        said = chunk.status != 0
        records["mask"] = chunk.has | (said.astype(np.uint8) << 1) | np.uint8(time_bits)
        octets = records.view(np.uint8).reshape(-1, self._record.itemsize)
        keep = np.ones(octets.shape, dtype=bool)
        end = 6 + self._wire.itemsize  # of handle, mask, type and value
        keep[:, 5:end] = chunk.has[:, None]
        keep[:, end : end + 4] = said[:, None]
        keep[:, end + 4 : end + 12] = bool(time_bits & 0x04)
        keep[:, end + 12 : end + 20] = bool(time_bits & 0x08)
        return octets[keep].tobytes()

    # --- to and from single samples -----------------------------------------------------------------------------

    def _variant(self, value: Any, has: bool) -> bytes | None:
        return values.scalar(self.key.type_, value) if has else None  # type: ignore[arg-type]

    def _column(self, samples: list[Sample | None]) -> npt.NDArray[Any]:
        none = bytes(self._wire.itemsize)
        raw = [none if s is None or s.variant is None else s.variant[1:] for s in samples]
        return np.frombuffer(b"".join(raw), dtype=self._wire)

    def _rows(self, samples: list[tuple[int, Sample]]) -> Rows:
        """Return samples of rows, ascending, as columns."""
        return Rows(
            np.array([row for row, _ in samples], dtype=np.intp),
            self._column([s for _, s in samples]),
            np.array([s.variant is not None for _, s in samples], dtype=bool),
            np.array([s.status for _, s in samples], dtype=np.uint32),
            np.array([s.source or 0 for _, s in samples], dtype=np.int64),
            np.array([s.server or 0 for _, s in samples], dtype=np.int64),
        )


def _point(item: DataItem) -> str:
    """Return the id of the point an item watches; only such items come into groups."""
    source = item.source
    assert isinstance(source, ServedSource)
    return source.attribute.served.point.id
