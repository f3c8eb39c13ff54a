"""Gamma process: wear that never heals; P(T ≤ t) = P(X(t) ≥ D)."""

import numpy as np

from emulator.life.laws.base import CHUNK, Floats, Track
from emulator.streams import Streams


class Gamma(Track):
    """ΔX ~ Γ(shape·Δt, scale) on a grid, until X reaches `limit`.

    The process jumps; within the grid's step that crosses, the jump's place is uniform (exact as the step goes to
    zero; never off by more than the step).

    Parameters
    ----------
    shape : float
        a [1/s].
    scale : float
        b, in the unit of X.
    limit, start, step, streams, path
        As for `Wiener`; streams ``<path>/jumps`` and ``<path>/when``.

    """

    def __init__(
        self, shape: float, scale: float, limit: float, step: float, streams: Streams, path: str, start: float = 0.0
    ) -> None:
        x, end = _climb(shape * step, scale, limit, step, start, streams, path)
        super().__init__(x, step, end, limit)


def _climb(
    shape: float, scale: float, limit: float, step: float, start: float, streams: Streams, path: str
) -> tuple[Floats, float]:
    from scipy.special import gammaincinv

    if start >= limit:
        return np.array([start]), 0.0
    uniforms = streams(f"{path}/jumps")
    parts = [np.array([start])]
    last, n0 = start, 0
    while True:
        x = last + np.cumsum(scale * gammaincinv(shape, uniforms.uniform(n0, CHUNK)))
        if x[-1] >= limit:
            at = int(np.searchsorted(x, limit))
            parts.append(x[:at])
            within = float(streams(f"{path}/when").uniform(0, 1)[0])
            return np.concatenate(parts), (n0 + at + within) * step
        parts.append(x)
        last, n0 = float(x[-1]), n0 + CHUNK


def life_quantile(shape: float, scale: float, limit: float, p: float) -> float:
    """Return the p-quantile of the life [s]: the t at which the regularised Q(a·t, D/b) is p."""
    from scipy.optimize import brentq
    from scipy.special import gammaincc

    mean = limit / (shape * scale)
    high = mean
    while gammaincc(shape * high, limit / scale) < p:
        high *= 2.0
    return float(brentq(lambda t: gammaincc(shape * t, limit / scale) - p, 1e-9 * mean, high, xtol=1e-12 * mean))
