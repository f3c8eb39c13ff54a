"""Wiener process with drift: damage with ups and downs; the life is inverse Gaussian."""

import math

import numpy as np

from emulator.life.laws.base import CHUNK, Floats, Track
from emulator.streams import Stream, Streams


class Wiener(Track):
    """dX = µ dt + σ dB from `start` until X first reaches `limit`.

    The path is drawn on a grid; whether it touched the limit between two of its points, and when, is drawn from the
    Brownian bridge between them, so that the time of failure has its exact law on any grid.

    Parameters
    ----------
    drift : float
        µ [1/s].
    diffusion : float
        σ [1/√s].
    limit, start : float
        D, and the damage at τ = 0.
    step : float
        Step of the grid [s].
    streams : Streams
        Of the run.
    path : str
        Names the part: streams ``<path>/walk``, ``<path>/bridge`` and ``<path>/when``.

    """

    def __init__(
        self, drift: float, diffusion: float, limit: float, step: float, streams: Streams, path: str, start: float = 0.0
    ) -> None:
        x, end = walk(
            drift, diffusion, limit, step, start,
            streams(f"{path}/walk"), streams(f"{path}/bridge"), streams(f"{path}/when"),
        )  # fmt: skip
        super().__init__(x, step, end, limit)


def walk(
    drift: float,
    diffusion: float,
    limit: float,
    step: float,
    start: float,
    normals: Stream,
    uniforms: Stream,
    when: Stream,
) -> tuple[Floats, float]:
    """Return the path up to the last grid point before its first passage, and the time of the passage [s].

    Crossing between points: probability exp(−2(D−x0)(D−x1)/(σ²Δt)) (Brownian bridge).
    """
    if start >= limit:
        return np.array([start]), 0.0
    parts = [np.array([start])]
    last, n0 = start, 0
    while True:
        x = last + np.cumsum(drift * step + diffusion * math.sqrt(step) * normals.normal(n0, CHUNK))
        before = np.concatenate(([last], x[:-1]))
        passed = x >= limit
        if diffusion > 0.0:
            room = np.maximum(limit - before, 0.0) * np.maximum(limit - x, 0.0)
            passed |= uniforms.uniform(n0, CHUNK) < np.exp(-2.0 * room / (diffusion**2 * step))
        if passed.any():
            at = int(np.argmax(passed))
            parts.append(x[:at])
            begun = (n0 + at) * step
            return np.concatenate(parts), begun + _passage(limit - before[at], limit - x[at], diffusion, step, when)
        parts.append(x)
        last, n0 = float(x[-1]), n0 + CHUNK


def _passage(a: float, b: float, diffusion: float, step: float, when: Stream) -> float:
    """Return when a bridge from `a` below a level to `b` below it (b < 0: above) first touches it, in (0, step].

    With t = Δ·u/(Δ+u) the bridge becomes Brownian motion in u, and the level a line that rises by b/Δ: the passage,
    given that there is one, is inverse Gaussian in u with mean a·Δ/abs(b) and shape a²/σ² (drawn after Michael,
    Schucany and Haas 1976).
    """
    if diffusion <= 0.0:
        return step * a / (a - b)
    shape = (a / diffusion) ** 2
    y = float(when.normal(0, 1)[0]) ** 2
    if abs(b) * 1e12 < a:
        u = shape / max(y, 1e-300)  # no slope: Lévy's law
    else:
        mean = a * step / abs(b)
        # The smaller root, in the form that loses no digits when its two terms are close.
        half = 0.5 * mean * y / shape
        u = mean / (1.0 + half + math.sqrt(half * (half + 2.0)))
        # Draw 8 lies in another counter block than normal 0: the two are independent.
        if float(when.uniform(8, 1)[0]) > mean / (mean + u):
            u = mean * mean / u
    return step * (u / (step + u)) if math.isfinite(u) else step


def life_quantile(drift: float, diffusion: float, limit: float, p: float) -> float:
    """Return the p-quantile of the life [s]: inverse Gaussian with mean D/µ and shape (D/σ)²."""
    from scipy.stats import invgauss

    mean, shape = limit / drift, (limit / diffusion) ** 2
    return float(invgauss.ppf(p, mean / shape, scale=shape))
