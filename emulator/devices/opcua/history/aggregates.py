"""Aggregates over processing intervals (OPC 10000-13 §5.4), on one point's recorded past."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from asyncua import ua

from emulator.devices.opcua.history.track import (
    BAD,
    BAD_NO_DATA,
    CALCULATED,
    MULTIPLE,
    PARTIAL,
    UNCERTAIN_DATA_SUBNORMAL,
    Configuration,
    Track,
    Value,
)


@dataclass(frozen=True, slots=True)
class Interval:
    """One processing interval of a track: from `start` (included) to `end` (excluded), which may lie before it."""

    track: Track
    configuration: Configuration
    start: int
    end: int
    truncated: bool

    @property
    def inside(self) -> slice:
        """Where its records are."""
        low, high = sorted((self.start, self.end))
        side: Final = "left" if self.start <= self.end else "right"
        found = np.searchsorted(self.track.ticks, (low, high), side)
        return slice(int(found[0]), int(found[1]))

    @property
    def partial(self) -> int:
        """The Partial bit, when the interval is cut off or reaches beyond the first or last record."""
        low, high = sorted((self.start, self.end))
        ticks = self.track.ticks
        outside = len(ticks) > 0 and (low < ticks[0] or high > ticks[-1])
        return PARTIAL if self.truncated or outside else 0

    def answer(self, value: float | None, status: int, ticks: int | None = None) -> Value:
        """Return an answer stamped with the interval's start, or another time."""
        return Value(value, status, self.start if ticks is None else ticks)

    def nothing(self) -> Value:
        """Return that there is no data."""
        return self.answer(None, BAD_NO_DATA | (PARTIAL if self.partial else 0))

    def judged(self, good: npt.NDArray[np.bool_], value: float, bits: int, ticks: int | None = None) -> Value:
        """Return a value with the status that the share of good and bad records gives it (§5.3.3.2.2)."""
        part = self.inside
        records = len(good)
        bad = int(np.count_nonzero(self.track.status[part] & BAD)) if records else 0
        if self.configuration.treat_uncertain_as_bad:
            bad = records - int(good.sum())
        if 100 * bad >= self.configuration.percent_bad * records:
            return self.answer(None, BAD | bits | self.partial, ticks)
        sure = 100 * int(good.sum()) >= self.configuration.percent_good * records
        return self.answer(value, (0 if sure else UNCERTAIN_DATA_SUBNORMAL) | bits | self.partial, ticks)


Aggregate = Callable[[Interval], Value]


def _good(interval: Interval) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return which records of the interval are good, and the values of those."""
    part = interval.inside
    good = interval.track.good(interval.configuration)[part]
    return good, interval.track.values[part][good]


def average(interval: Interval) -> Value:
    """Return the mean of the good records."""
    good, values = _good(interval)
    return interval.judged(good, float(np.mean(values)), CALCULATED) if values.size else interval.nothing()


def count(interval: Interval) -> Value:
    """Return the number of good records."""
    good, values = _good(interval)
    if not good.size:
        return interval.nothing()
    return interval.judged(good, float(values.size), CALCULATED)


def value_range(interval: Interval) -> Value:
    """Return the difference of the largest and the smallest good record."""
    good, values = _good(interval)
    return interval.judged(good, float(np.ptp(values)), CALCULATED) if values.size else interval.nothing()


def _extreme(interval: Interval, find: Callable[[npt.NDArray[np.float64]], float], *, actual: bool) -> Value:
    good, values = _good(interval)
    if not values.size:
        return interval.nothing()
    value = float(find(values))
    places = interval.inside.start + np.flatnonzero(good)[values == value]
    at = int(interval.track.ticks[places[0] if interval.start <= interval.end else places[-1]])
    if actual:
        return interval.judged(good, value, MULTIPLE if len(places) > 1 else 0, at)
    return interval.judged(good, value, 0 if at == interval.start else CALCULATED)


def minimum(interval: Interval) -> Value:
    """Return the smallest good record, raw when it stands at the interval's start."""
    return _extreme(interval, np.min, actual=False)


def maximum(interval: Interval) -> Value:
    """Return the largest good record, raw when it stands at the interval's start."""
    return _extreme(interval, np.max, actual=False)


def minimum_actual_time(interval: Interval) -> Value:
    """Return the smallest good record at its own time, the first one when there are several."""
    return _extreme(interval, np.min, actual=True)


def maximum_actual_time(interval: Interval) -> Value:
    """Return the largest good record at its own time, the first one when there are several."""
    return _extreme(interval, np.max, actual=True)


def interpolative(interval: Interval) -> Value:
    """Return the value at the interval's start."""
    found = interval.track.at(interval.start, interval.configuration)
    return interval.answer(found.value, found.status | interval.partial if found.value is not None else found.status)


def time_average(interval: Interval) -> Value:
    """Return the area under the interpolated good records over its length in time."""
    track, configuration = interval.track, interval.configuration
    low, high = sorted((interval.start, interval.end))
    part = slice(*np.searchsorted(track.ticks, (low, high), "left"))
    good = track.good(configuration)[part]
    times, values = track.ticks[part][good], track.values[part][good]
    bounds = [
        bound for bound in (track.at(low, configuration), track.at(high, configuration)) if bound.value is not None
    ]
    for bound in bounds:
        if not times.size or bound.ticks not in (int(times[0]), int(times[-1])):
            at = 0 if bound.ticks == low else len(times)
            times, values = np.insert(times, at, bound.ticks), np.insert(values, at, np.float64(bound.value or 0.0))
    if len(times) < 2 or times[-1] == times[0]:
        return interval.nothing()
    width = np.diff(times).astype(np.float64)
    height = values[:-1] if track.stepped else (values[:-1] + values[1:]) / 2.0
    value = float(np.sum(width * height) / np.sum(width))
    sure = bool(good.all()) and len(bounds) == 2 and not any(bound.status & 0x40000000 for bound in bounds)
    return interval.answer(value, (0 if sure else UNCERTAIN_DATA_SUBNORMAL) | CALCULATED | interval.partial)


def _end_record(interval: Interval, place: int) -> Value:
    part = interval.inside
    if part.start >= part.stop:
        return interval.nothing()
    return interval.track.raw(part.start if place == 0 else part.stop - 1)


def first(interval: Interval) -> Value:
    """Return the earliest record, at its own time."""
    return _end_record(interval, 0)


def last(interval: Interval) -> Value:
    """Return the latest record, at its own time."""
    return _end_record(interval, -1)


_IDS: Final = ua.ObjectIds
FUNCTIONS: Final[dict[int, tuple[Aggregate, str | None]]] = {
    _IDS.AggregateFunction_Interpolative: (interpolative, None),
    _IDS.AggregateFunction_Average: (average, "Double"),
    _IDS.AggregateFunction_TimeAverage: (time_average, "Double"),
    _IDS.AggregateFunction_Minimum: (minimum, None),
    _IDS.AggregateFunction_Maximum: (maximum, None),
    _IDS.AggregateFunction_MinimumActualTime: (minimum_actual_time, None),
    _IDS.AggregateFunction_MaximumActualTime: (maximum_actual_time, None),
    _IDS.AggregateFunction_Range: (value_range, "Double"),
    _IDS.AggregateFunction_Count: (count, "Int32"),
    _IDS.AggregateFunction_Start: (first, None),
    _IDS.AggregateFunction_End: (last, None),
}
"""Aggregate function -> how it is computed, and the type of its answers (None: the point's own)."""

AGGREGATES: Final = tuple(FUNCTIONS)


def processed(
    track: Track, function: Aggregate, start: int, end: int, step: int, configuration: Configuration
) -> Iterator[Value]:
    """Yield one value for each interval of `step` ticks from `start` to `end`, backwards when `end` is before.

    The last interval ends with the request; a step of 0 makes one interval of it all.
    """
    sign = 1 if end > start else -1
    step = step or abs(end - start)
    at = start
    while (end - at) * sign > 0:
        beyond = at + sign * step
        cut = (beyond - end) * sign > 0
        yield function(Interval(track, configuration, at, end if cut else beyond, cut))
        at = beyond
