"""What every law of damage offers."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emulator.streams import Stream

Floats = NDArray[np.float64]
CHUNK = 512  # draws made at once; fixed, so that a path does not depend on who asks how far


class Law(Protocol):
    """Damage X as a function of the law's own time τ [s], or of cycles for fatigue laws.

    Attributes
    ----------
    limit : the damage at which the part has failed, in the law's own unit.
    end : the τ at which X first reaches it; known from the start, infinite if it never does.

    """

    limit: float
    end: float

    def value(self, tau: float) -> float:
        """Return X at τ ≥ 0; a pure function."""
        ...


class Track:
    """A path on a grid of τ that ends where it first reaches its limit; linear between the grid's points.

    Parameters
    ----------
    x : float64[n]
        Values at 0, h, 2h, …; the last lies just before the crossing.
    h : float
        Step of the grid.
    end, limit : float
        Where the limit is reached, and the limit.

    """

    def __init__(self, x: Floats, h: float, end: float, limit: float) -> None:
        self.x = x
        self.h = h
        self.end = float(end)
        self.limit = limit

    def value(self, tau: float) -> float:
        """Return X at τ; at and beyond the end it is the limit."""
        if tau >= self.end:
            return self.limit
        last = len(self.x) - 1
        index = min(int(tau / self.h), last)
        t0, x0 = index * self.h, float(self.x[index])
        if index == last:
            t1, x1 = self.end, self.limit
        else:
            t1, x1 = t0 + self.h, float(self.x[index + 1])
        return x0 + (x1 - x0) * (tau - t0) / (t1 - t0)


def exponential(stream: Stream, n0: int, count: int) -> Floats:
    """Return standard exponentials n0 … n0+count-1."""
    return -np.log(stream.uniform(n0, count))


def root(law: Law, x: float, high: float) -> float:
    """Return the τ in [0, high] at which a law that never falls reaches x, by bisection."""
    low = 0.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if law.value(middle) < x:
            low = middle
        else:
            high = middle
    return high
