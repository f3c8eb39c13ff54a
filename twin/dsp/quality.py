"""Is this a signal at all? Flags for samples that must not be interpreted."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CLIPPED_SHARE = 0.002
"""Share of samples resting on a limit from which peaks, kurtosis and envelopes are not to be trusted."""
COARSE_LEVELS = 8


def signal_flags(x: Array, *, nan_count: int, low: float, high: float, limit: float | None = None) -> tuple[str, ...]:
    """Flag raw samples x : float64[n].

    Parameters
    ----------
    x : samples as received
    nan_count, low, high : number of NaN, smallest and largest reading, as the caller has counted them already
    limit : magnitude at which the transducer or converter saturates; found from plateaus when None

    Returns
    -------
    any of `nan`, `inf`, `constant`, `coarse` (fewer than 8 levels: nothing but quantisation), `clipped`
    """
    flags: list[str] = []
    if nan_count:
        flags.append("nan")
    if math.isinf(low) or math.isinf(high):
        if np.isinf(x).any():
            flags.append("inf")
        return tuple(flags)
    if high - low <= 1e-12 * max(abs(high), abs(low)):
        flags.append("constant")
        return tuple(flags)
    # a look at the beginning first: sorting all of a fine signal would cost more than everything else here
    if np.unique(x[:2048]).size < COARSE_LEVELS and np.unique(x).size < COARSE_LEVELS:
        flags.append("coarse")
    elif is_clipped(x, low, high, limit):
        flags.append("clipped")
    return tuple(flags)


def is_clipped(x: Array, low: float, high: float, limit: float | None = None) -> bool:
    """Whether too many samples rest on the limits: the given one, or plateaus at the extremes.

    A wave touches its own maximum once; a limiter holds it. Without a known limit at least two neighbouring
    samples must be equal at an extreme, again and again.
    """
    if limit is not None and max(abs(low), abs(high)) >= limit * (1.0 - 1e-6):
        return int(np.count_nonzero(np.abs(x) >= limit * (1.0 - 1e-6))) > CLIPPED_SHARE * x.size
    tolerance = 1e-9 * (high - low)
    held = 0
    for at_limit in (x >= high - tolerance, x <= low + tolerance):
        held += int(np.count_nonzero(at_limit[1:] & at_limit[:-1]))
    return held > CLIPPED_SHARE * x.size
