"""Shocks: a compound Poisson process with log-normal jumps."""

import math

import numpy as np

from emulator.life.laws.base import CHUNK, exponential
from emulator.streams import Streams


class Shock:
    """Jumps at rate λ, their logarithm normal about ln(median).

    Parameters
    ----------
    rate : float
        λ [1/s].
    median, spread : float
        Of the jumps: median, and standard deviation of the logarithm.
    limit, start, streams, path
        As for `Wiener`; streams ``<path>/gaps`` and ``<path>/sizes``.

    """

    def __init__(
        self,
        rate: float,
        median: float,
        spread: float,
        limit: float,
        streams: Streams,
        path: str,
        start: float = 0.0,
    ) -> None:
        self.limit = limit
        gaps, sizes = streams(f"{path}/gaps"), streams(f"{path}/sizes")
        times: list[np.ndarray] = []
        levels: list[np.ndarray] = []
        t, x, n0 = 0.0, start, 0
        while x < limit:
            times.append(t + np.cumsum(exponential(gaps, n0, CHUNK)) / rate)
            levels.append(x + np.cumsum(median * np.exp(spread * sizes.normal(n0, CHUNK))))
            t, x, n0 = float(times[-1][-1]), float(levels[-1][-1]), n0 + CHUNK
        self.times = np.concatenate([np.zeros(1), *times])
        self.levels = np.concatenate([np.array([start]), *levels])
        at = int(np.searchsorted(self.levels, limit))
        self.end = float(self.times[at])
        # What comes after the failure is kept to the same chunk only; X stays there.
        self.times, self.levels = self.times[: at + 1], self.levels[: at + 1]

    def value(self, tau: float) -> float:
        """Return X at τ [s]."""
        return float(self.levels[int(np.searchsorted(self.times, tau, side="right")) - 1])


def mean(rate: float, median: float, spread: float, t: float) -> float:
    """Return the mean of X after `t` [s]: λ t E[J]."""
    return rate * t * median * math.exp(0.5 * spread * spread)
