"""The device image: what a device holds at this moment, whatever protocol it speaks.

The plant side publishes readings and commits them once per scan; servers are told at each commit and take
what they need. Writes from the wire go the other way, into a queue that the plant empties at the next block
edge. The device's own condition (frozen, restarting, clock offset) lives here, because every protocol face of
the device shares it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

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


class DeviceImage:
    """Readings of one device, its commands, and its own condition.

    `frozen` and `restarting` are set by device faults. While frozen, published readings are not taken: the
    device answers, but with old values and an old clock. While restarting, `online` is False and servers
    refuse.
    """

    def __init__(self, device: Device, points: tuple[Point, ...], epoch_ns: int) -> None:
        self.device = device
        self.points = {point.id: point for point in points}
        self.readings: dict[str, Reading] = {
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
        self._writes: list[tuple[str, Any]] = []
        self._on_commit: list[Callable[[], None]] = []
        self._on_power: list[Callable[[bool], None]] = []

    def begin(self, epoch_ns: int) -> None:
        """Put plant time 0 at `epoch_ns` on the calendar; the device starts then."""
        self.epoch_ns = self.t_ns = self.started_ns = epoch_ns

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
        offset = self.clock_offset_ns
        self.t_ns = t_ns + offset
        for name, reading in readings.items():
            self.readings[name] = (
                reading
                if offset == 0
                else Reading(reading.value, reading.status, reading.t_ns + offset, reading.n0, reading.rate_hz)
            )
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
        self.readings = {name: Reading(0.0, BAD_WAITING_FOR_INITIAL_DATA, t_ns) for name in self.readings}
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
