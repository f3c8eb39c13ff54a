"""Pairs of channels: cross-spectrum, coherence with the bias and threshold of chance, transfer functions, delay."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.density import Counts, Detrend, Segments, channels
from twin.dsp.kernels.density import add_cross, take_segments
from twin.dsp.windows import Window

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Cross:
    """Averaged one-sided spectra of pairs of channels, x the cause and y the answer.

    Parameters
    ----------
    freq_hz : float64[bins]
    x_density, y_density : float64[..., bins] [unit²/Hz]
    density : complex128[..., bins], conj(X)·Y; its angle is by how much y leads
    segments, skipped : int64[...], segments averaged, and left out for a missing reading in either channel
    effective_averages : float64[...], how many independent segments would scatter as little
    window : shape and its numbers
    """

    freq_hz: Array
    x_density: Array
    y_density: Array
    density: Complex
    segments: Counts
    effective_averages: Array
    skipped: Counts
    window: Window = field(repr=False)

    def coherence(self) -> Array:
        """Magnitude-squared coherence γ², float64[..., bins]; biased upwards, see `coherence_bias`.

        NaN where a channel has no power, and everywhere when fewer than two segments were averaged: one
        segment is coherent with anything.
        """
        ratio = _ratio(np.abs(self.density) ** 2, self.x_density * self.y_density).real
        # rounding alone may pass 1
        return np.where(self.segments[..., None] >= 2, np.minimum(ratio, 1.0), math.nan)

    def unbiased_coherence(self) -> Array:
        """Coherence less its bias to first order, float64[..., bins], not below 0."""
        seen = self.coherence()
        return np.asarray(np.maximum(seen - coherence_bias(seen, self.effective_averages[..., None]), 0.0))

    def significant(self, false_alarm_rate: float = 0.01) -> NDArray[np.bool_]:
        """Bins whose coherence chance would reach at most at this rate per bin, bool[..., bins]."""
        threshold = coherence_threshold(self.effective_averages, false_alarm_rate)
        return np.asarray(self.coherence() > threshold[..., None])

    def h1(self) -> Complex:
        """Transfer function Sxy / Sxx: right when the noise is in y. complex128[..., bins]."""
        return _ratio(self.density, self.x_density)

    def h2(self) -> Complex:
        """Transfer function Syy / Syx: right when the noise is in x. complex128[..., bins]."""
        return _ratio(self.y_density, np.conj(self.density))

    def h_relative_std(self) -> Array:
        """Give the standard error of |H| relative to it, and of its phase [rad] (Bendat & Piersol 2010 table 9.6)."""
        seen = np.maximum(self.unbiased_coherence(), 1e-12)
        return np.asarray(np.sqrt((1.0 - np.minimum(seen, 1.0)) / (2.0 * seen * self.effective_averages[..., None])))


def cross_spectrum(
    x: ArrayLike,
    y: ArrayLike,
    rate_hz: float,
    segment: int,
    *,
    window: str = "hann",
    overlap: float = 0.5,
    detrend: Detrend = "constant",
) -> Cross:
    """Cross-spectra by Welch's method, channel by channel.

    Parameters
    ----------
    x, y : float64[..., n], any units; one may be [n] and is then paired with every channel of the other
    rate_hz, segment, window, overlap, detrend : as of `twin.dsp.density.welch`. A delay of a part r of the
        segment lowers the coherence by (1 - r)²: take segments much longer than the delay, or undo it first.

    Raises
    ------
    ValueError
        If the channels do not match, or as of `twin.dsp.density.welch`.
    """
    left, right = channels(x), channels(y)
    if left.shape[-1] != right.shape[-1]:
        raise ValueError(f"x has {left.shape[-1]} samples and y has {right.shape[-1]}; both must cover the same time")
    try:
        shape = np.broadcast_shapes(left.shape, right.shape)
    except ValueError:
        raise ValueError(f"channels of shapes {left.shape} and {right.shape} do not pair; one may be single") from None
    plan = Segments(rate_hz, segment, window, overlap, detrend)
    count = plan.count(shape[-1])
    left = channels(np.broadcast_to(left, shape)).reshape(-1, shape[-1])
    right = channels(np.broadcast_to(right, shape)).reshape(-1, shape[-1])
    pairs = left.shape[0]
    power = np.zeros((2, pairs, plan.bins))
    both = np.zeros((pairs, plan.bins), np.complex128)
    stats = plan.stats(pairs)
    from scipy import fft

    work, good = plan.work(pairs * count)
    other, other_good = np.zeros_like(work), np.zeros_like(good)
    values = plan.window.values
    for first in range(0, pairs * count, work.shape[0]):
        size = min(work.shape[0], pairs * count - first)
        take_segments(left, first, count, plan.hop, values, plan.detrend, work[:size], good[:size])
        take_segments(right, first, count, plan.hop, values, plan.detrend, other[:size], other_good[:size])
        good[:size] &= other_good[:size]
        add_cross(
            fft.rfft(work[:size], axis=-1),
            fft.rfft(other[:size], axis=-1),
            good[:size],
            first,
            count,
            plan.rho,
            power[0],
            power[1],
            both,
            stats,
        )
    scale = plan.scale(stats)
    bins = (*shape[:-1], plan.bins)
    return Cross(
        freq_hz=plan.freq_hz(),
        x_density=(power[0] * scale).reshape(bins),
        y_density=(power[1] * scale).reshape(bins),
        density=(both * scale).reshape(bins),
        segments=stats[:, 0].astype(np.int64).reshape(shape[:-1]),
        effective_averages=plan.effective(stats).reshape(shape[:-1]),
        skipped=stats[:, 1].astype(np.int64).reshape(shape[:-1]),
        window=plan.window,
    )


def coherence_bias(coherence: ArrayLike, averages: ArrayLike) -> Array:
    """By how much the expected estimate exceeds the true coherence: (1 - γ²)²(1 + 2γ²/N)/N.

    Carter, Knapp & Nuttall 1973 eq. 7, for N independent averages; 1/N where there is none at all.
    """
    true, n = np.asarray(coherence, np.float64), np.asarray(averages, np.float64)
    n = np.where(n > 0.0, n, math.nan)
    return np.asarray((1.0 - true) ** 2 * (1.0 + 2.0 * true / n) / n)


def coherence_threshold(averages: ArrayLike, false_alarm_rate: float = 0.01) -> Array:
    """Coherence that unrelated Gaussian channels exceed at this rate: 1 - FAR^(1/(N-1)), N independent averages.

    1 for N ≤ 1, which nothing exceeds (Carter, Knapp & Nuttall 1973 eq. 4 with γ² = 0).
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise ValueError(f"false_alarm_rate = {false_alarm_rate} must lie between 0 and 1, as 0.01")
    n = np.asarray(averages, np.float64)
    free = np.where(n > 1.0, n - 1.0, 1.0)
    return np.where(n > 1.0, 1.0 - false_alarm_rate ** (1.0 / free), 1.0)


def _ratio(above: Array | Complex, below: Array | Complex) -> Complex:
    """Quotient, NaN over 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below != 0.0, above / below, math.nan).astype(np.complex128)
