"""Is this a signal at all? Flags for samples that must not be interpreted, and for those to be read with care."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CLIPPED_SHARE = 0.002
"""Share of samples resting on a limit from which peaks, kurtosis and envelopes are not to be trusted."""
COARSE_LEVELS = 8
LEVELS_OF_A_WAVE = 1000.0
"""Levels between the extremes from which meeting both of them twice is no accident."""
BURST = 4.0
"""How many times the usual rms of a turn a burst reaches."""
BURST_SHARE = 0.05
DUPLICATE_REST = 1e-3
"""Share of the power that may differ between two copies of one signal."""


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


def touches_rails(x: Array, low: float, high: float) -> bool:
    """Whether x reaches the two ends of its converter: equal and opposite, each reached more than once.

    A continuous wave of thousands of levels does not meet the same largest level twice, and not the mirrored
    one on the other side, too. Few such samples spoil no spectrum: the record is flagged, not refused.
    """
    if high - low <= 0.0 or abs(high + low) > 2e-4 * (high - low):
        return False
    tolerance = 1e-9 * (high - low)
    if np.count_nonzero(x >= high - tolerance) < 2 or np.count_nonzero(x <= low + tolerance) < 2:
        return False
    steps = np.diff(np.unique(x[:4096]))
    return steps.size > 0 and (high - low) > LEVELS_OF_A_WAVE * float(steps.min())


def has_bursts(x: Array, rate_hz: float, speed_hz: float) -> bool:
    """Whether a few turns are far louder than the rest, as electrical bursts or handling are, and damage is not.

    Damage comes back in every turn or in every few: its loud turns are many.
    """
    size = max(round(rate_hz / speed_hz), 16)
    count = x.size // size
    if count < 20:
        return False
    turns = x[: count * size].reshape(count, size)
    rms = turns.std(axis=1)
    usual = float(np.median(rms))
    loud = float(np.mean(rms > BURST * usual))
    return 0.0 < loud < BURST_SHARE


def duplicated_channels(channels: Mapping[str, Array]) -> list[tuple[str, str, float]]:
    """Find channels that are one signal: (first, second, factor) with second = factor · first + constant.

    Two sensors never agree to a thousandth of their power over the whole band; one sensor recorded twice
    does, whatever the gains.

    Parameters
    ----------
    channels : name → float64[n]; channels of unequal length, constant ones and those with NaN are passed over
    """
    centred = {
        name: x - x.mean() for name, x in channels.items() if x.size > 1 and np.isfinite(x).all() and np.ptp(x) > 0.0
    }
    found = []
    for first, second in itertools.combinations(centred, 2):
        a, b = centred[first], centred[second]
        if a.size != b.size:
            continue
        factor = float(a @ b) / float(a @ a)
        if float(np.sum((b - factor * a) ** 2)) < DUPLICATE_REST * float(b @ b):
            found.append((first, second, factor))
    return found
