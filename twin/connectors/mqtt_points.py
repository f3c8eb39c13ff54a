"""From a metric or a JSON value to a batch of a point: units, quality, time and waveforms."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rigs.schema import Point
from twin.batch import Batch, Stamp, Status, is_good, no_reading, reading
from twin.connectors.mqtt_json import JsonValue
from twin.connectors.sparkplug.node import Update
from twin.connectors.sparkplug.payload import DATASET, DataSet, array, number
from twin.connectors.waveform import WaveformCursor
from twin.context.units import ToSI, to_si

SECOND_NS = 1_000_000_000
BAD = 0x80000000
UNCERTAIN_TIME_NS = 400 * 86_400 * SECOND_NS
"""A time further than this from the twin's is an unset clock, not an early or a late value."""

_STALE = 500
_GOOD = 192


@dataclasses.dataclass(slots=True)
class Target:
    """One point: how its value becomes SI, and what of it was handed on last.

    `held` is the newest good value while nothing newer has come.
    """

    point: Point
    si: ToSI
    cursor: WaveformCursor | None = None
    held: float | None = None
    emitted_ns: int = 0
    _last: tuple[int, float | None, int] | None = None

    def emit(self, batch: Batch | None, batches: list[Batch]) -> None:
        """Hand on a batch, unless it is the very reading handed on last: a duplicate, or a birth's repetition."""
        if batch is None:
            return
        if not batch.waveform and not batch.historical:
            value = float(batch.values[0]) if batch.values.size else None
            key = (batch.t0_ns, value, batch.quality)
            if key == self._last and batch.stamp == "source":
                return
            self._last = key
            self.held = value if is_good(batch.quality) else None
            self.emitted_ns = batch.received_ns
        batches.append(batch)


def targets_of(points: Sequence[Point]) -> dict[str | None, dict[str, Target]]:
    """Sort a device's readable points by Sparkplug device (None: the node's own) and metric.

    Raises
    ------
    ValueError : a point cannot be read over MQTT; the message names it
    """
    targets: dict[str | None, dict[str, Target]] = {None: {}}
    for point in points:
        if point.signal is None:
            continue
        if point.mqtt is None:
            raise ValueError(f"point {point.id}: its device speaks MQTT and needs an mqtt address")
        try:
            unit = to_si(point.unit)
        except ValueError as error:
            raise ValueError(f"point {point.id}: {error}") from None
        if point.waveform is not None and unit.offset:
            raise ValueError(f"point {point.id}: a waveform in {point.unit} has no zero to swing about")
        cursor = None if point.waveform is None else WaveformCursor()
        targets.setdefault(point.mqtt.device, {})[point.mqtt.metric] = Target(point, unit, cursor)
    return targets


def json_batch(target: Target, value: JsonValue, received_ns: int) -> Batch | None:
    """Build the batch of a JSON value."""
    t_ns, stamp = _time(value.t_ns, received_ns)
    if target.cursor is not None and isinstance(value.value, list) and value.n0 is not None:
        samples = np.array(value.value, dtype=np.float64)
        return _waveform(target, target.cursor, samples, (value.n0, value.rate_hz or 0.0), (t_ns, stamp), received_ns)
    if isinstance(value.value, list) or target.cursor is not None:
        return no_reading(target.point.id, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
    return _scalar(target, value.value, value.quality, (t_ns, stamp), received_ns)


def sparkplug_batch(target: Target, update: Update) -> Batch | None:
    """Build the batch of a metric; None when a waveform brings nothing new."""
    metric, received_ns = update.metric, update.received_ns
    t_ns, stamp = _time(update.t_ns, received_ns)
    if update.mismatch:
        return no_reading(target.point.id, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
    quality = _quality(metric.properties)
    if metric.null:
        return no_reading(target.point.id, t_ns, received_ns, quality if quality & BAD else Status.BAD_NO_DATA, stamp)
    if target.cursor is not None:
        block = _block(update)
        if block is None:
            return no_reading(target.point.id, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
        batch = _waveform(target, target.cursor, block[0], block[1], (t_ns, stamp), received_ns)
    else:
        value = number(metric, update.datatype)
        if value is None:
            return no_reading(target.point.id, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
        batch = _scalar(target, value, quality, (t_ns, stamp), received_ns)
    return dataclasses.replace(batch, historical=True) if batch is not None and metric.historical else batch


def _quality(properties: dict[str, object]) -> int:
    """Read the quality property (Sparkplug 3.0, 6.4.9.1): 192 good, 0 bad, 500 stale."""
    code = properties.get("Quality", properties.get("quality", _GOOD))
    if code == _GOOD:
        return 0
    return Status.UNCERTAIN_LAST_USABLE_VALUE if code == _STALE else BAD


def _time(t_ns: int | None, received_ns: int) -> tuple[int, Stamp]:
    if t_ns is not None and abs(t_ns - received_ns) < UNCERTAIN_TIME_NS:
        return t_ns, "source"
    return received_ns, "poll"


def _scalar(target: Target, value: float | None, quality: int, time: tuple[int, Stamp], received_ns: int) -> Batch:
    (t_ns, stamp), point = time, target.point.id
    if quality & BAD:
        # Whatever number may stand beside a bad quality, it is not a measurement.
        return no_reading(point, t_ns, received_ns, quality, stamp)
    if value is None:
        return no_reading(point, t_ns, received_ns, Status.BAD_NO_DATA, stamp)
    si = value * target.si.factor + target.si.offset
    if si - si != 0.0:
        return no_reading(point, t_ns, received_ns, Status.BAD_NO_DATA, stamp)
    return reading(point, t_ns, si, received_ns, quality=quality, stamp=stamp)


def _block(update: Update) -> tuple[NDArray[np.generic], tuple[int, float]] | None:
    """Find a waveform's samples, the counter of the first and their rate: columns and properties, or None."""
    metric = update.metric
    properties = metric.properties
    samples: NDArray[np.generic] | None
    if update.datatype == DATASET and isinstance(metric.value, DataSet):
        columns = dict(zip(metric.value.columns, metric.value.values, strict=True))
        numbers = [column for column in columns.values() if isinstance(column, np.ndarray)]
        if not numbers:
            return None
        samples = numbers[-1]
    else:
        samples = array(metric, update.datatype)
    counter, rate = properties.get("n0"), properties.get("rate", properties.get("rate_hz"))
    if samples is None or not isinstance(counter, int) or not isinstance(rate, (int, float)):
        return None
    return samples, (counter, float(rate))


def _waveform(
    target: Target,
    cursor: WaveformCursor,
    samples: NDArray[np.generic],
    counted: tuple[int, float],
    time: tuple[int, Stamp],
    received_ns: int,
) -> Batch | None:
    point, (first_n, rate_hz), (t_ns, stamp) = target.point.id, counted, time
    if samples.dtype.kind != "f":
        return no_reading(point, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
    if first_n < 0 or not 1e-3 <= rate_hz <= 1e8:
        return no_reading(point, t_ns, received_ns, Status.BAD_CONFIGURATION_ERROR, stamp)
    start_n, fresh = cursor.cut(first_n, samples, rate_hz)
    if fresh.size == 0:
        return None
    values = fresh.astype(np.float32) if fresh.dtype.itemsize == 4 else fresh.astype(np.float64)
    if target.si.factor != 1.0:
        values *= target.si.factor
    t0_ns = t_ns - round(fresh.size * SECOND_NS / rate_hz)
    return Batch(point, t0_ns, round(SECOND_NS / rate_hz), values, 0, received_ns, start_n, rate_hz, stamp)
