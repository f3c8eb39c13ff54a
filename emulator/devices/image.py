"""The device image: what a device holds at this moment, whatever protocol it speaks.

The plant side publishes readings and commits them once per scan; servers are told at each commit and take
what they need. Writes from the wire go the other way, into a queue that the plant empties at the next block
edge. The device's own condition (frozen, restarting, clock offset) lives here, because every protocol face of
the device shares it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rigs.devices.device import Device
from rigs.schema import Point

GOOD: Final = 0x00000000
UNCERTAIN_SENSOR_NOT_ACCURATE: Final = 0x40930000
BAD_WAITING_FOR_INITIAL_DATA: Final = 0x80320000
BAD_SENSOR_FAILURE: Final = 0x808C0000
SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a point as the device holds it.

    Parameters
    ----------
    value : float, bool, or float32[n]
        In the point's own unit; for waveforms the newest samples (the whole buffer).
    status : int
        OPC UA StatusCode; 0 is good.
    t_ns : int
        Device time of the value [ns since 1970-01-01 UTC].
    n0 : int
        Waveforms only: sample counter of ``value[0]``.
    rate_hz : float
        Waveforms only: the rate the device declares.

    """

    value: Any
    status: int
    t_ns: int
    n0: int = 0
    rate_hz: float = 0.0


class Columns:
    """All scalar readings of a device side by side: what takes thousands of them at once looks here.

    Attributes
    ----------
    index : dict
        Point id -> place in the columns.
    values : float64[n]
        In each point's own unit.
    status : uint32[n]
        OPC UA StatusCodes.
    t_ns : int64[n]
        Device times [ns since 1970-01-01 UTC].

    The arrays are replaced or filled at each commit and must not be written by who reads them.

    """

    __slots__ = ("index", "names", "status", "t_ns", "values")

    def __init__(self, names: tuple[str, ...], readings: dict[str, Reading]) -> None:
        self.names = names
        self.index = {name: i for i, name in enumerate(names)}
        self.values: npt.NDArray[np.float64] = np.zeros(len(names))
        self.status: npt.NDArray[np.uint32] = np.zeros(len(names), dtype=np.uint32)
        self.t_ns: npt.NDArray[np.int64] = np.zeros(len(names), dtype=np.int64)
        self.fill(readings)

    def fill(self, readings: dict[str, Reading]) -> None:
        """Take over the readings that belong here."""
        index, values, status, t_ns = self.index, self.values, self.status, self.t_ns
        for name, reading in readings.items():
            at = index.get(name)
            if at is not None:
                values[at] = reading.value
                status[at] = reading.status
                t_ns[at] = reading.t_ns

    def reading(self, at: int) -> Reading:
        """Return one row as a reading."""
        return Reading(float(self.values[at]), int(self.status[at]), int(self.t_ns[at]))


class DeviceImage:
    """Readings of one device, its commands, and its own condition.

    `frozen` and `restarting` are set by device faults. While frozen, published readings are not taken: the
    device answers, but with old values and an old clock. While restarting, `online` is False and servers
    refuse.
    """

    def __init__(self, device: Device, points: tuple[Point, ...], epoch_ns: int) -> None:
        self.device = device
        self.points = {point.id: point for point in points}
        self._readings: dict[str, Reading] = {
            point.id: Reading(0.0, BAD_WAITING_FOR_INITIAL_DATA, epoch_ns)
            for point in points
            if point.signal is not None
        }
        self.epoch_ns = epoch_ns
        self.t_ns = epoch_ns
        self.started_ns = epoch_ns
        self.frozen = False
        self.online = True
        self.clock_offset_ns = 0
        self.commits = 0
        self._columns: Columns | None = None
        self._ahead = False  # the columns are newer than the readings
        self._viewed: dict[str, Reading] = {}  # rows of columns ahead that somebody asked for
        self._writes: list[tuple[str, Any]] = []
        self._on_commit: list[Callable[[], None]] = []
        self._on_power: list[Callable[[bool], None]] = []

    def begin(self, epoch_ns: int) -> None:
        """Put plant time 0 at `epoch_ns` on the calendar; the device starts then."""
        self.epoch_ns = self.t_ns = self.started_ns = epoch_ns

    @property
    def readings(self) -> dict[str, Reading]:
        """What the device holds, by point id."""
        if self._ahead:
            self._catch_up()
        return self._readings

    def reading(self, point_id: str) -> Reading | None:
        """Return what the device holds of one point; None where it never holds anything."""
        if self._ahead and self._columns is not None and point_id in self._columns.index:
            found = self._viewed.get(point_id)
            if found is None:
                found = self._viewed[point_id] = self._columns.reading(self._columns.index[point_id])
            return found
        return self._readings.get(point_id)

    @property
    def columns(self) -> Columns:
        """The scalar readings as columns, kept from the first time somebody asks."""
        if self._columns is None:
            names = tuple(name for name in self._readings if self.points[name].waveform is None)
            self._columns = Columns(names, self._readings)
        return self._columns

    @property
    def uptime_s(self) -> float:
        """Seconds since the device last started, by its own clock."""
        return (self.t_ns - self.clock_offset_ns - self.started_ns) / SECOND

    def on_commit(self, call: Callable[[], None]) -> None:
        """Have `call` run after each commit."""
        self._on_commit.append(call)

    def on_power(self, call: Callable[[bool], None]) -> None:
        """Have `call(online)` run when the device goes down (False) or comes back (True)."""
        self._on_power.append(call)

    def commit(self, readings: dict[str, Reading], t_ns: int) -> None:
        """Take one scan's readings at plant time `t_ns` [ns UTC], shifted by the device's clock offset."""
        if self.frozen or not self.online:
            return
        if self._ahead:
            self._catch_up()
        offset = self.clock_offset_ns
        self.t_ns = t_ns + offset
        if offset:
            readings = {
                name: Reading(reading.value, reading.status, reading.t_ns + offset, reading.n0, reading.rate_hz)
                for name, reading in readings.items()
            }
        self._readings.update(readings)
        if self._columns is not None:
            self._columns.fill(readings)
        self._told()

    def commit_columns(
        self,
        values: npt.NDArray[np.float64],
        t_ns: int,
        status: npt.NDArray[np.uint32] | None = None,
        times_ns: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Take one scan of all scalar points at once; who reads a single one sees a `Reading` made when asked.

        Parameters
        ----------
        values : float64[n]
            In the order of `columns.names`, each in its point's unit; not to be changed afterwards.
        t_ns : int
            Plant time [ns UTC] of the scan.
        status : uint32[n], optional
            StatusCodes; all good without them.
        times_ns : int64[n], optional
            Times of the values [ns UTC]; the scan's without them.

        Raises
        ------
        ValueError
            A column has another length than the device has scalar points.

        """
        columns = self.columns
        count = len(columns.names)
        for name, column in (("values", values), ("status", status), ("times_ns", times_ns)):
            if column is not None and column.shape != (count,):
                raise ValueError(
                    f"{self.device.id}: {name} has shape {column.shape}; give one for each of columns.names ({count})"
                )
        if self.frozen or not self.online:
            return
        self.t_ns = t_ns + self.clock_offset_ns
        columns.values = values
        columns.status = np.zeros(count, dtype=np.uint32) if status is None else status
        if times_ns is None:
            columns.t_ns = np.full(count, self.t_ns, dtype=np.int64)
        else:
            columns.t_ns = times_ns + self.clock_offset_ns
        self._ahead = True
        self._viewed.clear()
        self._told()

    def _catch_up(self) -> None:
        """Make readings of all rows of the columns."""
        self._ahead = False
        columns = self.columns
        self._readings.update(
            {name: self._viewed.get(name) or columns.reading(i) for i, name in enumerate(columns.names)}
        )
        self._viewed.clear()
        # The committed arrays are their owner's; what is filled one by one from here on is ours.
        columns.values, columns.status, columns.t_ns = columns.values.copy(), columns.status.copy(), columns.t_ns.copy()

    def _told(self) -> None:
        self.commits += 1
        for call in self._on_commit:
            call()

    def power(self, *, online: bool, t_ns: int) -> None:
        """Switch the device off (its memory is lost) or on again at plant time `t_ns` [ns UTC]."""
        if online == self.online:
            return
        self.online = online
        if online:
            self.started_ns = t_ns
        self._ahead = False
        self._viewed.clear()
        self._readings = {name: Reading(0.0, BAD_WAITING_FOR_INITIAL_DATA, t_ns) for name in self._readings}
        self._columns = None if self._columns is None else Columns(self._columns.names, self._readings)
        self._writes.clear()
        for call in self._on_power:
            call(online)

    def write(self, point_id: str, value: float | bool) -> None:
        """Queue a command that came over the wire; `value` in the point's own unit."""
        self._writes.append((point_id, value))

    def take_writes(self) -> list[tuple[str, Any]]:
        """Hand over and forget the queued commands, oldest first."""
        writes, self._writes = self._writes, []
        return writes
