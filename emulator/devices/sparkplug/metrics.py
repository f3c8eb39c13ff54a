"""A device's points as Sparkplug metrics: names, aliases, types, and what is worth reporting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA
from emulator.devices.sparkplug.datatypes import BY_NAME, DataType, held
from emulator.devices.sparkplug.payload import Metric, Property, SampleColumn

if TYPE_CHECKING:
    from emulator.devices.image import Reading
    from rigs.devices.mqtt import MqttSettings
    from rigs.schema import Point

MILLISECOND: Final = 1_000_000
GOOD: Final = 192
BAD: Final = 0
STALE: Final = 500


def quality(status: int) -> int:
    """Return a status as the property ``Quality`` has it (Sparkplug 3.0 §6.4.9.1); uncertain values count as good."""
    if status == BAD_WAITING_FOR_INITIAL_DATA:
        return STALE
    return BAD if status & 0x80000000 else GOOD


@dataclass(slots=True)
class PointMetric:
    """One point as a metric, and what was last reported of it.

    Attributes
    ----------
    band
        How far the value must move to be reported, in the point's unit.
    next_n
        Waveforms: number of the first sample not yet sent.

    """

    point: Point
    name: str
    alias: int | None
    type: DataType
    band: float
    device: str | None
    array: bool = False
    value: Any = float("nan")
    quality: int = STALE
    reported_ns: int = 0
    next_n: int = 0
    commanded: Any = None
    _birth: tuple[tuple[str, Property], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        point = self.point
        low, high = point.range
        self._birth = (
            *((("engUnit", Property(DataType.STRING, point.unit)),) if point.unit else ()),
            ("engLow", Property(DataType.DOUBLE, float(low))),
            ("engHigh", Property(DataType.DOUBLE, float(high))),
        )

    def birth(self, reading: Reading | None, t_ms: int) -> Metric:
        """Return the metric as a birth has it, and count it as reported; a waveform is born without samples."""
        if reading is None:
            properties = (*self._birth, ("Quality", Property(DataType.INT32, GOOD)))
            return Metric(self.name, self.alias, t_ms, self.type, self.commanded, properties=properties)
        self.quality, self.reported_ns = quality(reading.status), reading.t_ns
        said = (*self._birth, ("Quality", Property(DataType.INT32, self.quality)))
        at_ms = reading.t_ns // MILLISECOND
        if self.point.waveform is not None:
            if isinstance(reading.value, np.ndarray):
                self.next_n = max(self.next_n, reading.n0)
            none = np.empty(0, np.float32)
            properties = (*said, *_sampling(self.next_n, reading.rate_hz))
            return Metric(self.name, self.alias, at_ms, self.type, self._samples(none), properties=properties)
        self.value = reading.value
        value = None if self.quality == STALE else held(self.type, reading.value)
        return Metric(self.name, self.alias, at_ms, self.type, value, properties=said)

    def due(self, reading: Reading, refresh_ns: int) -> bool:
        """Whether there is something to report: the value left its dead band, its quality changed, or time is up."""
        if self.point.waveform is not None:
            return isinstance(reading.value, np.ndarray) and reading.n0 + len(reading.value) > self.next_n
        if reading.t_ns == self.reported_ns:
            return False
        moved = abs(reading.value - self.value)
        # `not <=` rather than `>`: what is not a number has always moved.
        return (
            not moved <= self.band
            or quality(reading.status) != self.quality
            or reading.t_ns - self.reported_ns >= refresh_ns
        )

    def data(self, reading: Reading, *, aliases: bool) -> Metric:
        """Return the metric as data has it, and count it as reported."""
        now, before = quality(reading.status), self.quality
        self.quality, self.reported_ns = now, reading.t_ns
        said = () if now == GOOD == before else (("Quality", Property(DataType.INT32, now)),)
        name, alias = (None, self.alias) if aliases else (self.name, None)
        at_ms = reading.t_ns // MILLISECOND
        if self.point.waveform is None:
            self.value = reading.value
            value = None if now == STALE else held(self.type, reading.value)
            return Metric(name, alias, at_ms, None, value, self.type, said)
        first = max(self.next_n, reading.n0)
        samples = reading.value[first - reading.n0 :]
        self.next_n = first + len(samples)
        # The window is the device's memory and goes on moving: what waits to be sent needs a copy.
        block = self._samples(np.array(samples, np.float32))
        return Metric(name, alias, at_ms, None, block, self.type, (*said, *_sampling(first, reading.rate_hz)))

    def _samples(self, samples: Any) -> Any:
        return samples if self.array else SampleColumn("sample", samples)


def _sampling(n0: int, rate_hz: float) -> tuple[tuple[str, Property], ...]:
    return (("n0", Property(DataType.UINT64, n0)), ("rate", Property(DataType.DOUBLE, rate_hz)))


def metrics_of(points: tuple[Point, ...], settings: MqttSettings, first_alias: int) -> dict[str, PointMetric]:
    """Return the metric of each point, by point id; aliases count on from `first_alias`, whatever the device.

    Raises
    ------
    ValueError
        Two points share a metric's name.

    """
    found: dict[str, PointMetric] = {}
    owners: dict[tuple[str | None, str], str] = {}
    for index, point in enumerate(points):
        address = point.mqtt
        assert address is not None, "only points with an MQTT address come here"
        other = owners.setdefault((address.device, address.metric), point.id)
        if other != point.id:
            raise ValueError(f"point {point.id}: metric {address.metric!r} is already that of {other}; rename one")
        low, high = point.range
        band = settings.dead_band * (high - low) if address.dead_band is None else address.dead_band
        kind = BY_NAME[address.type]
        array = settings.waveform == "array"
        if point.waveform is not None:
            kind = DataType.FLOAT_ARRAY if array else DataType.DATASET
        alias = first_alias + index if settings.aliases else None
        found[point.id] = PointMetric(point, address.metric, alias, kind, band, address.device, array)
    return found


def historical(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    """Return metrics flagged as what was, for a host that missed them."""
    return tuple(replace(metric, historical=True) for metric in metrics)
