"""Time-domain features of a signal: mean, rms, peak, crest factor, skewness, kurtosis; mergeable."""

import math

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels.moments import moments_merge, moments_update


class Moments:
    """Running moments of samples in any unit; NaN is counted apart and never averaged."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: NDArray[np.float64] = np.zeros(8)
        self.reset()

    def reset(self) -> None:
        """Start again with no samples."""
        self.state[:] = 0.0
        self.state[5] = math.inf
        self.state[6] = -math.inf

    def update(self, x: NDArray[np.float64]) -> None:
        """Add samples x : float64[n]; any split gives the same bits."""
        with np.errstate(invalid="ignore"):  # infinities make NaN moments, and that is the right answer
            moments_update(x, self.state)

    def merge(self, other: "Moments") -> None:
        """Add the samples another instance has seen (equal to one pass over both, to rounding)."""
        moments_merge(self.state, other.state, self.state)

    @property
    def count(self) -> int:
        """How many samples were readings."""
        return int(self.state[0])

    @property
    def nan_count(self) -> int:
        """How many samples were NaN."""
        return int(self.state[7])

    @property
    def mean(self) -> float:
        """Mean, NaN without samples."""
        return float(self.state[1]) if self.count else math.nan

    @property
    def variance(self) -> float:
        """Population variance, NaN without samples."""
        return float(self.state[2] / self.state[0]) if self.count else math.nan

    @property
    def rms(self) -> float:
        """Root mean square about zero."""
        return math.sqrt(self.variance + self.mean**2) if self.count else math.nan

    @property
    def peak(self) -> float:
        """Largest absolute value."""
        return float(max(abs(self.state[5]), abs(self.state[6]))) if self.count else math.nan

    @property
    def crest(self) -> float:
        """Peak over rms; NaN for silence."""
        rms = self.rms
        return self.peak / rms if rms > 0.0 else math.nan

    @property
    def skewness(self) -> float:
        """Third standardised central moment; NaN for a constant."""
        m2 = self.state[2]
        return float(math.sqrt(self.state[0]) * self.state[3] / m2**1.5) if m2 > 0.0 else math.nan

    @property
    def kurtosis(self) -> float:
        """Fourth standardised central moment, 3 for a normal signal; NaN for a constant."""
        m2 = self.state[2]
        return float(self.state[0] * self.state[4] / (m2 * m2)) if m2 > 0.0 else math.nan
