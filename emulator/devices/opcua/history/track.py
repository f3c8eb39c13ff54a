"""The recorded past of one point, and what it was worth between two records (OPC 10000-13 §3.1, §4.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

GOOD_NO_DATA: Final = 0x00A50000
BAD: Final = 0x80000000
BAD_NO_DATA: Final = 0x809B0000
BAD_BOUND_NOT_FOUND: Final = 0x80D70000
UNCERTAIN_DATA_SUBNORMAL: Final = 0x40A40000
# InfoType DataValue with the historian bits (OPC 10000-4 §7.39.1).
CALCULATED: Final = 0x0401
INTERPOLATED: Final = 0x0402
PARTIAL: Final = 0x0404
MULTIPLE: Final = 0x0410


@dataclass(frozen=True, slots=True)
class Value:
    """One answer: what it was, how sure, and when [FILETIME]; `value` is None where there is none."""

    value: float | None
    status: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """How aggregates take uncertain and bad values (OPC 10000-13 §4.2.1.2); the defaults are the standard's."""

    treat_uncertain_as_bad: bool = True
    percent_bad: int = 100
    percent_good: int = 100
    sloped_extrapolation: bool = False

    @property
    def sound(self) -> bool:
        """Whether the percentages make sense together."""
        return self.percent_bad <= 100 and self.percent_good <= 100 and self.percent_good >= 100 - self.percent_bad


@dataclass(frozen=True, slots=True)
class Track:
    """Values of one point in time order.

    Parameters
    ----------
    ticks : int64[n]
        Source times [FILETIME].
    values : float64[n]
        In the point's own unit.
    status : uint32[n]
        StatusCodes.
    stepped
        Whether a value holds until the next one; else it is a straight line there.

    """

    ticks: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.uint32]
    stepped: bool = False

    def good(self, configuration: Configuration) -> npt.NDArray[np.bool_]:
        """Return which values count as good."""
        limit = 0x40000000 if configuration.treat_uncertain_as_bad else 0x80000000
        return self.status < limit

    def raw(self, index: int) -> Value:
        """Return one record as it is; a bad one has no value."""
        status = int(self.status[index])
        return Value(None if status & BAD else float(self.values[index]), status, int(self.ticks[index]))

    def between(self, start: int | None, end: int | None, *, bounds: bool) -> Iterator[Value]:
        """Yield records from `start` (included) to `end` (excluded), backwards when `end` lies before `start`.

        Without `start` they run backwards from `end`, without `end` forwards from `start`; the same time twice
        asks for what stands at it. With `bounds` the records just outside come too, or word that there are none
        (OPC 10000-11 §6.5.3).
        """
        ticks = self.ticks
        backwards = start is None or (end is not None and end < start)
        first, last = (end, None) if start is None else (start, end)
        assert first is not None  # one of the two is given: the caller refuses else
        if backwards:
            at = self._place(first, "right") - 1
            stop = -1 if last is None else self._place(last, "right") - 1
            chosen = range(at, stop, -1)
            outside, beyond = at + 1, stop
        else:
            at = self._place(first, "left")
            side: Literal["left", "right"] = "right" if last == first else "left"
            stop = len(ticks) if last is None else self._place(last, side)
            chosen = range(at, stop)
            outside, beyond = at - 1, stop
        exact = len(chosen) > 0 and int(ticks[chosen[0]]) == first
        if bounds and not exact:
            yield self._bound(outside, first)
        for index in chosen:
            yield self.raw(index)
        if bounds and last is not None and not (exact and last == first):
            yield self._bound(beyond, last)

    def _place(self, ticks: int, side: Literal["left", "right"]) -> int:
        return int(np.searchsorted(self.ticks, np.int64(ticks), side))

    def _bound(self, index: int, ticks: int) -> Value:
        if 0 <= index < len(self.ticks):
            return self.raw(index)
        return Value(None, BAD_BOUND_NOT_FOUND, ticks)

    def at(self, ticks: int, configuration: Configuration, *, simple: bool = False, keep_raw: bool = False) -> Value:
        """Return the value at a time: the record there, or one interpolated between its neighbours.

        Parameters
        ----------
        ticks
            When [FILETIME].
        configuration
            Which neighbours count.
        simple
            Whether the nearest records bound it whatever their quality (§3.1.9), instead of the nearest good ones.
        keep_raw
            Whether a record at that very time is the answer even if it is not good.

        """
        here = self._place(ticks, "right") - 1
        good = self.good(configuration)
        if here >= 0 and self.ticks[here] == ticks and (keep_raw or good[here]):
            return self.raw(here)
        if simple:
            return self._simple(here, ticks, good)
        before = np.flatnonzero(good[: here + 1])
        after = np.flatnonzero(good[here + 1 :])
        if not before.size:
            return Value(None, BAD_NO_DATA, ticks)
        low = int(before[-1])
        if not after.size:
            value = float(self.values[low])
            if configuration.sloped_extrapolation and not self.stepped and before.size > 1:
                value = self._line(int(before[-2]), low, ticks)
            return Value(value, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED, ticks)
        high = here + 1 + int(after[0])
        if self.stepped:
            sure, value = low == here, float(self.values[low])
        else:
            sure, value = high == low + 1, self._line(low, high, ticks)
        uncertain = int(self.status[low]) & 0x40000000 or int(self.status[high]) & 0x40000000
        status = 0 if sure and not uncertain else UNCERTAIN_DATA_SUBNORMAL
        return Value(value, status | INTERPOLATED, ticks)

    def _simple(self, here: int, ticks: int, good: npt.NDArray[np.bool_]) -> Value:
        if here < 0 or not good[here]:
            return Value(None, BAD_NO_DATA, ticks)
        value = float(self.values[here])
        if here + 1 >= len(self.ticks):
            return Value(value, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED, ticks)
        if self.stepped:
            return Value(value, INTERPOLATED, ticks)
        if not good[here + 1]:
            return Value(value, UNCERTAIN_DATA_SUBNORMAL | INTERPOLATED, ticks)
        return Value(self._line(here, here + 1, ticks), INTERPOLATED, ticks)

    def _line(self, low: int, high: int, ticks: int) -> float:
        t0, t1 = int(self.ticks[low]), int(self.ticks[high])
        v0, v1 = float(self.values[low]), float(self.values[high])
        return v0 if t1 == t0 else v0 + (v1 - v0) * (ticks - t0) / (t1 - t0)
