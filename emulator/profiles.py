"""Random profiles that are pure functions of (seed, name, t): asked in any order, they give the same bits."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from emulator.streams import Stream

SEGMENT = 4096
MEMORY = 40.0  # time constants after which the past is below the last bit
GRID = 600  # grid points per time constant


class OrnsteinUhlenbeck:
    """Stationary Gauss–Markov noise of standard deviation 1 and covariance e^(−abs(Δt)/τ).

    On a grid of τ/600 it is the exact recursion x ← a·x + √(1−a²)·z, begun 40 τ before each segment of 4096 points:
    what came before would weigh e^−40, below the last bit. A segment is therefore a function of its own number only.
    Between the grid's points it is linear.

    Parameters
    ----------
    stream : Stream
        Its normals are taken by grid index.
    time_s : float
        τ [s].

    """

    def __init__(self, stream: Stream, time_s: float) -> None:
        self.step_s = time_s / GRID
        self._a = math.exp(-1.0 / GRID)
        self._b = math.sqrt(-math.expm1(-2.0 / GRID))
        self._before = round(MEMORY * GRID)
        self._stream = stream
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
        from scipy.signal import lfilter

        # Draw k drives grid point k − before, so that the first segment has a past of its own too.
        z = self._stream.normal(number * SEGMENT, self._before + SEGMENT)
        x: NDArray[np.float64] = lfilter([self._b], [1.0, -self._a], z)
        return x[self._before :]


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
