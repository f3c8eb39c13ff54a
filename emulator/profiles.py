"""Random profiles that are pure functions of (seed, name, t): asked in any order, they give the same bits."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from emulator.streams import Stream, Streams

SEGMENT = 512
MEMORY = 40.0  # time constants after which the past is below the last bit
GRID = 600  # grid points per time constant


class OrnsteinUhlenbeck:
    """Stationary Gauss–Markov noise of standard deviation 1 and covariance e^(−abs(Δt)/τ).

    On a grid of τ/600 it has the exact joint law. Every 512th point, a knot, comes from the recursion
    y ← A·y + √(1−A²)·z begun 40 τ before it, beyond which the past would weigh less than the last bit; between two
    knots runs a free path x ← a·x + √(1−a²)·z from the first, bent to meet the second by Gaussian conditioning. So
    any piece is a function of its own number only. Between the grid's points it is linear.

    Parameters
    ----------
    streams : Streams
        Of the run.
    path : str
        Its normals are ``<path>/knots`` and ``<path>/between``, by index.
    time_s : float
        τ [s].

    """

    def __init__(self, streams: Streams, path: str, time_s: float) -> None:
        self.step_s = time_s / GRID
        self._knots = streams(f"{path}/knots")
        self._between = streams(f"{path}/between")
        self._before = math.ceil(MEMORY * GRID / SEGMENT)
        self._held: dict[int, NDArray[np.float64]] = {}

    def __call__(self, t_s: float) -> float:
        """Return the value at plant time t ≥ 0 [s]."""
        place = t_s / self.step_s
        index = int(place)
        low = self._at(index)
        return low + (place - index) * (self._at(index + 1) - low)

    def _at(self, index: int) -> float:
        number, within = divmod(index, SEGMENT)
        if number not in self._held:
            if len(self._held) > 1:  # two neighbours are in use at a segment's end
                self._held.pop(next(iter(self._held)))
            self._held[number] = self._segment(number)
        return float(self._held[number][within])

    def _segment(self, number: int) -> NDArray[np.float64]:
        """Return points 0 … 512 of a segment, from its first knot to its second, float64[513]."""
        from scipy.signal import lfilter

        a, b = _recursion(1.0 / GRID)
        x = np.empty(SEGMENT + 1)
        x[0], knot = self._knot(number), self._knot(number + 1)
        z = self._between.normal(number * SEGMENT, SEGMENT)
        x[1:], _ = lfilter([b], [1.0, -a], z, zi=[a * x[0]])
        bent: NDArray[np.float64] = x + _pull() * (knot - x[-1])
        bent[-1] = knot
        return bent

    def _knot(self, number: int) -> float:
        # Draw k drives knot k − before, so that the first knot has a past of its own too.
        return float(_memory(self._before) @ self._knots.normal(number, self._before + 1))


def _recursion(step: float) -> tuple[float, float]:
    """Return a and √(1−a²) of the exact recursion over `step` time constants."""
    return math.exp(-step), math.sqrt(-math.expm1(-2.0 * step))


@cache
def _memory(before: int) -> NDArray[np.float64]:
    """Return what a knot keeps of each of its draws, oldest first: the recursion from 0 written out."""
    a, b = _recursion(SEGMENT / GRID)
    return b * a ** np.arange(before, -1, -1, dtype=float)


@cache
def _pull() -> NDArray[np.float64]:
    """Return cov(x_i, x_N)/var(x_N) of a path that starts from a given point: how much of its end's error x_i takes."""
    i = np.arange(SEGMENT + 1)
    pull: NDArray[np.float64] = (
        np.exp(-(SEGMENT - i) / GRID) * np.expm1(-2.0 * i / GRID) / np.expm1(-2.0 * SEGMENT / GRID)
    )
    return pull


class Steps:
    """A value that changes about every `every_s`: piece k holds draw k, uniform in (0, 1).

    Piece k begins at (k + 0.4·u)·every, so lengths spread from 0.6 to 1.4 times the mean.
    """

    def __init__(self, when: Stream, what: Stream, every_s: float) -> None:
        self._when = when
        self._what = what
        self.every_s = every_s

    def number(self, t_s: float) -> int:
        """Return which piece plant time `t_s` [s] lies in; −1 before the first began."""
        k = int(t_s / self.every_s)
        return k if t_s >= self.begins(k) else k - 1

    def begins(self, k: int) -> float:
        """Return when piece k begins [s]."""
        return (k + 0.4 * float(self._when.uniform(k, 1)[0])) * self.every_s

    def __call__(self, t_s: float) -> float:
        """Return the value at plant time `t_s` [s]."""
        return float(self._what.uniform(self.number(t_s) + 1, 1)[0])


class Stops:
    """Stops of a machine: one in every slot of 86 400 s/`per_day`, of `off_s` ± half, somewhere in the slot.

    Parameters
    ----------
    stream : Stream
        Draws 2k and 2k+1 place slot k's stop.
    per_day, off_s : float
        How many stops, and how long they are on average [s].
    ramp_s : float
        0 for direct; else the demand falls before a stop and rises after it over this time.

    """

    def __init__(self, stream: Stream, per_day: float, off_s: float, ramp_s: float = 0.0) -> None:
        self._stream = stream
        self.slot_s = 86_400.0 / per_day
        self.off_s = off_s
        self.ramp_s = ramp_s

    def stop(self, k: int) -> tuple[float, float]:
        """Return begin and end [s] of stop k."""
        u, v = self._stream.uniform(2 * k, 2)
        length = self.off_s * (0.5 + v)
        room = self.slot_s - length - 2.0 * self.ramp_s
        begin = k * self.slot_s + self.ramp_s + u * max(room, 0.0)
        return begin, begin + length

    def running(self, t_s: float) -> bool:
        """Whether the machine is to run at plant time `t_s` [s]."""
        begin, end = self.stop(int(t_s / self.slot_s))
        return not begin <= t_s < end

    def ramp(self, t_s: float) -> float:
        """Return the share of its demand the machine is given, 0 while it stands; always 1 for direct starts."""
        if self.ramp_s <= 0.0:
            return 1.0
        begin, end = self.stop(int(t_s / self.slot_s))
        if t_s < begin:
            return min((begin - t_s) / self.ramp_s, 1.0)
        return min(max(t_s - end, 0.0) / self.ramp_s, 1.0)


Profile = Callable[[float], float]
