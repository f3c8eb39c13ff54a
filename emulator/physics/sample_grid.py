"""Where samples lie on ticks: integer arithmetic on an absolute grid, the same after ten days as at the start."""

import numpy as np
from numpy.typing import NDArray

NANO = 1_000_000_000
MICRO = 1_000_000


def sample_grid(t0_ns: int, tick_s: float, edges: int, rate_hz: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return first int64[edges], lead float64[edges-1] [s]: each tick's first sample, and its time into the tick.

    Rates count to 1 µHz.
    """
    rate_uhz = round(rate_hz * MICRO)
    tick_ns = round(tick_s * NANO)
    scale = NANO * MICRO
    at = [(t0_ns + i * tick_ns) * rate_uhz for i in range(edges)]
    first = [-(-edge // scale) for edge in at]
    lead = [(n * scale - edge) / (rate_uhz * NANO) for n, edge in zip(first, at, strict=True)]
    return np.array(first, np.int64), np.array(lead[:-1])
