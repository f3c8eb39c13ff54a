"""A ring of the last values of each historized point, filled at commits."""

from typing import Final

import numpy as np

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA, DeviceImage
from emulator.devices.opcua.history.track import Track
from emulator.devices.opcua.values import NANOSECONDS_PER_TICK, UNIX_EPOCH_TICKS

_UINT32_STATUS: Final = np.uint32(BAD_WAITING_FOR_INITIAL_DATA)


class Historian:
    """Keeps the newest `depth` values of some scalar points: value, status, source time.

    A value is new when its time or status is; a point that the device looks at every minute fills its ring in
    `depth` minutes. What a device without power remembers is nothing.

    Parameters
    ----------
    image
        The device's image.
    points
        Ids of the points to keep, all scalar.
    stepped
        Those of them whose value holds until the next one (switches and counters of states).
    depth
        How many values of each.

    """

    def __init__(self, image: DeviceImage, points: tuple[str, ...], stepped: frozenset[str], depth: int) -> None:
        self.depth = depth
        self._image = image
        self._row = {point: row for row, point in enumerate(points)}
        self._stepped = stepped
        index = image.columns.index
        self._at = np.array([index[point] for point in points], dtype=np.intp)
        shape = (len(points), depth)  # untouched pages of it cost no memory
        self._values = np.zeros(shape)
        self._status = np.zeros(shape, dtype=np.uint32)
        self._t_ns = np.zeros(shape, dtype=np.int64)
        self._count = np.zeros(len(points), dtype=np.int64)
        self._last_t_ns = np.full(len(points), np.iinfo(np.int64).min)
        self._last_status = np.full(len(points), _UINT32_STATUS)
        image.on_commit(self.take)
        image.on_power(self._power)

    def __contains__(self, point: str) -> bool:
        return point in self._row

    def take(self) -> None:
        """Keep what the device has just committed."""
        columns = self._image.columns
        t_ns, status = columns.t_ns[self._at], columns.status[self._at]
        fresh = ((t_ns != self._last_t_ns) | (status != self._last_status)) & (status != _UINT32_STATUS)
        rows = np.flatnonzero(fresh)
        if not rows.size:
            return
        place = self._count[rows] % self.depth
        self._values[rows, place] = columns.values[self._at[rows]]
        self._status[rows, place] = status[rows]
        self._t_ns[rows, place] = t_ns[rows]
        self._count[rows] += 1
        self._last_t_ns[rows] = t_ns[rows]
        self._last_status[rows] = status[rows]

    def track(self, point: str) -> Track:
        """Return a copy of what is kept of a point, in time order (a clock put back makes time go back)."""
        row = self._row[point]
        count = int(self._count[row])
        kept = min(count, self.depth)
        order = np.arange(count - kept, count) % self.depth
        t_ns = self._t_ns[row, order]
        if kept > 1 and np.any(np.diff(t_ns) < 0):
            order = order[np.argsort(t_ns, kind="stable")]
            t_ns = self._t_ns[row, order]
        return Track(
            t_ns // NANOSECONDS_PER_TICK + UNIX_EPOCH_TICKS,
            self._values[row, order],
            self._status[row, order],
            point in self._stepped,
        )

    def _power(self, online: bool) -> None:
        if not online:
            self._count[:] = 0
            self._last_t_ns[:] = np.iinfo(np.int64).min
