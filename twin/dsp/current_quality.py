"""Can this current be judged at all? Flags for records that cannot, and for a phase that is open."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MIN_PERIODS, MIN_SAMPLES = 8.0, 64
DEAD = 0.02
"""Size of a phase, over the largest, below which it carries no current."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a record is not analysed: reason, flags, and the fault where the missing current is one."""

    reason: str
    flags: tuple[str, ...]
    entry: dict[str, Any] | None = None


def unfit(i: Array, rate_hz: float, supply_hz: float | None) -> Unfit | None:
    """Abstain where samples cannot carry a judgement; a lost phase is one that can."""
    if i.shape[-1] < MIN_SAMPLES or (supply_hz is not None and i.shape[-1] * supply_hz / rate_hz < MIN_PERIODS):
        return Unfit(
            f"{i.shape[-1]} samples at {rate_hz:g} Hz are too short: 8 supply periods are the least", ("short",)
        )
    if np.isnan(i).any():
        return Unfit(f"{int(np.isnan(i).sum())} of {i.size} samples are not numbers", ("nan",))
    if np.isinf(i).any():
        return Unfit("the record holds infinite values", ("inf",))
    rows = np.atleast_2d(i)
    size = np.ptp(rows, axis=1)
    if not np.any(size > 0.0):
        return Unfit("the current never changes: a dead channel or a motor at rest", ("constant",))
    dead = np.flatnonzero(size < DEAD * size.max())
    if dead.size == 1:
        left = np.delete(rows, dead[0], axis=0)
        if np.ptp(left[0] + left[1]) < 0.2 * size.max():
            evidence = {"dead_phase": "abc"[dead[0]], "sum_of_others": float(np.ptp(left[0] + left[1]) / size.max())}
            entry = {"fault": "supply_unbalance", "confidence": 0.95, "evidence": evidence, "ambiguous_with": []}
            reason = f"phase {'abc'[dead[0]]} is open: no current in it, and the others are opposite"
            return Unfit(reason, ("constant",), entry)
    if dead.size:
        return Unfit(
            f"phase {'abc'[dead[0]]} shows no current though the others do not cancel: a dead sensor", ("constant",)
        )
    if len(rows) == 3 and any(np.array_equal(rows[a], rows[b]) for a, b in ((0, 1), (1, 2), (0, 2))):
        return Unfit("two phases hold the same samples: one channel recorded twice", ("duplicated",))
    if any(_clipped(row) for row in rows):
        return Unfit("the current rests on its limits: saturated, not to be trusted", ("clipped",))
    return None


def _clipped(x: Array) -> bool:
    """Whether x rests on its extremes longer than a quantised sine of that size would."""
    low, high = float(x.min()), float(x.max())
    levels = np.unique(x[:32768])
    step = float(np.diff(levels).min()) if levels.size > 1 else high - low
    expected = math.acos(max(1.0 - 2.0 * step / (high - low), -1.0)) / math.pi
    slack = 1e-9 * (high - low)
    return any(float(np.mean(limit)) > 0.02 + 2.0 * expected for limit in (x >= high - slack, x <= low + slack))
