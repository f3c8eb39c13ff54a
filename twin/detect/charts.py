"""Control charts for a bank of channels: CUSUM, EWMA and the AR(1) whitening they need.

Every chart works on standardised innovations z (mean 0, variance 1 when healthy, serially independent)
and treats all channels of a bank at once: z is float64[m], NaN means "no reading" and leaves the
channel as it was.

Run lengths (steps, two-sided, independent standard normal z) that the settings stand for:

======================  =======  =========  =========
setting                 healthy  shift 1 σ  shift 2 σ
======================  =======  =========  =========
CUSUM k=0.5 h=4          167.68      8.383      3.343
CUSUM k=0.5 h=5          465.44     10.376      4.009
EWMA λ=0.1 L=2.814       499.6      10.33       4.36
EWMA λ=0.2 L=2.962       499.7      10.54       3.74
======================  =======  =========  =========

Serial correlation ruins these numbers (AR(1) φ=0.6 drops 465 to 41), hence :class:`Whitener`.
For long healthy lives use :func:`cusum_run_length` to choose h: k=0.5, h=14 lasts 7.7e6 steps.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def cusum_run_length(k: float, h: float, shift: float = 0.0) -> float:
    """Mean steps to a two-sided CUSUM alarm at a steady `shift` (in σ).

    Siegmund's approximation with the boundary moved out by 1.166; within 3 % of the exact values
    for k=0.5, h>=4.
    """
    reach = h + 1.166

    def one_sided(drift: float) -> float:
        if abs(drift) < 1e-9:
            return reach * reach
        return (math.exp(-2.0 * drift * reach) + 2.0 * drift * reach - 1.0) / (2.0 * drift * drift)

    up, down = one_sided(shift - k), one_sided(-shift - k)
    return 1.0 / (1.0 / up + 1.0 / down)


class CusumBank:
    """Two-sided tabular CUSUM on `size` channels.

    Parameters
    ----------
    size
        Number of channels m.
    k, h
        Reference value and decision interval in σ; see the table above for run lengths.
    """

    def __init__(self, size: int, k: float = 0.5, h: float = 5.0) -> None:
        self.k = k
        self.h = h
        self.high: Floats = np.zeros(size)
        self.low: Floats = np.zeros(size)
        self.steps_up: NDArray[np.int64] = np.zeros(size, dtype=np.int64)
        """Steps since the leading sum last stood at zero: the maximum-likelihood age of the change."""

    def update(self, z: Floats) -> Flags:
        """Take one step with innovations z float64[m]; return which channels are beyond h."""
        seen = ~np.isnan(z)
        step = np.where(seen, z, 0.0)
        k = np.where(seen, self.k, 0.0)
        self.high = np.maximum(0.0, self.high + step - k)
        self.low = np.maximum(0.0, self.low - step - k)
        moving = (self.high > 0.0) | (self.low > 0.0)
        self.steps_up = np.where(moving, self.steps_up + seen, 0)
        return (self.high > self.h) | (self.low > self.h)

    def reset(self, channels: Flags | None = None) -> None:
        """Forget the past of `channels` (all when None)."""
        chosen = np.ones(self.high.shape, dtype=bool) if channels is None else channels
        self.high = np.where(chosen, 0.0, self.high)
        self.low = np.where(chosen, 0.0, self.low)
        self.steps_up = np.where(chosen, 0, self.steps_up)


class EwmaBank:
    """Two-sided EWMA with steady-state limits on `size` channels.

    `lam` is the weight λ of the newest innovation, `limit` is L: an alarm beyond L·√(λ/(2−λ)).
    """

    def __init__(self, size: int, lam: float = 0.1, limit: float = 2.814) -> None:
        self.lam = lam
        self.bound = limit * math.sqrt(lam / (2.0 - lam))
        self.mean: Floats = np.zeros(size)

    def update(self, z: Floats) -> Flags:
        """Take one step with innovations z float64[m]; return which channels are beyond the limit."""
        self.mean = np.where(np.isnan(z), self.mean, self.mean + self.lam * (z - self.mean))
        return np.abs(self.mean) > self.bound

    def reset(self) -> None:
        """Forget the past."""
        self.mean[:] = 0.0


class Whitener:
    """AR(1) pre-whitening: e_t = (r_t − φ r_{t−1}) / √(1−φ²), same variance as r when the model holds.

    φ comes from healthy data (:meth:`learn`) and stays within 0..0.95: a negative estimate is noise,
    and beyond 0.95 a real step would be whitened away.
    """

    def __init__(self, size: int) -> None:
        self.phi: Floats = np.zeros(size)
        self.last: Floats = np.full(size, np.nan)

    def learn(self, residuals: Floats) -> None:
        """Estimate φ per channel from healthy residuals float64[n, m] (NaN rows are left out)."""
        for channel in range(residuals.shape[1]):
            x = residuals[:, channel]
            x = x - np.nanmean(x) if np.any(~np.isnan(x)) else x
            pairs = ~np.isnan(x[1:]) & ~np.isnan(x[:-1])
            power = float(np.sum(x[:-1][pairs] ** 2))
            if pairs.sum() >= 8 and power > 0.0:
                phi = float(np.sum(x[1:][pairs] * x[:-1][pairs])) / power
                self.phi[channel] = min(0.95, max(0.0, phi))

    def update(self, residual: Floats) -> Floats:
        """Return the innovation of `residual` float64[m]; NaN where this or the previous one is missing."""
        innovation: Floats = (residual - self.phi * self.last) / np.sqrt(1.0 - self.phi**2)
        self.last = residual.copy()
        return innovation
