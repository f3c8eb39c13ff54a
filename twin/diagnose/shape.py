"""How a deviation grew: a step, a ramp, or a reading that stands still while the machine moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Best fit of a step and of a ramp to an amplitude history.

    `kind` is "bias" or "drift"; `onset` indexes the history; `size` is the newest fitted amplitude,
    `rate` its slope per frame (drift only); `gain` is how many times better the winner fits.
    """

    kind: str
    onset: int
    size: float
    rate: float
    gain: float


def classify(t: Floats, amplitude: Floats, least: int = 6) -> Shape | None:
    """Fit a step and a hinge to amplitude float64[n] at times t float64[n] [s]; None when too short.

    The healthy level before the onset is known to be near zero, so neither fit has a free base line.
    """
    n = amplitude.shape[0]
    if n < least + 2:
        return None
    best_step, step_at = np.inf, 0
    best_ramp, ramp_at, slope = np.inf, 0, 0.0
    total = np.concatenate(([0.0], np.cumsum(amplitude**2)))
    for start in range(n - 3):
        tail = amplitude[start:]
        rest = total[start]
        step = rest + float(np.sum((tail - tail.mean()) ** 2))
        if step < best_step:
            best_step, step_at = step, start
        x = t[start:] - t[max(0, start - 1)]
        k = float(x @ tail) / float(x @ x)
        ramp = rest + float(np.sum((tail - k * x) ** 2))
        if ramp < best_ramp:
            best_ramp, ramp_at, slope = ramp, start, k
    if best_step <= best_ramp:
        level = float(amplitude[step_at:].mean())
        return Shape("bias", step_at, level, 0.0, best_ramp / max(best_step, 1e-30))
    newest = slope * float(t[-1] - t[max(0, ramp_at - 1)])
    return Shape("drift", ramp_at, newest, slope, best_step / max(best_ramp, 1e-30))
