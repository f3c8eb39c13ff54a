"""Squared envelope spectra of many candidate bands of one record, on an axis of shaft orders.

A defect rings a structure whose frequency nobody knows, so several bands are demodulated and none is trusted
for its energy or its kurtosis: a lone impulse or an interference comb wins those. Harmonic evidence chooses
later (`evidence.py`). The whole band, raw and whitened, is always among the candidates (Randall & Antoni
2011; Smith & Randall 2015 found raw and whitened envelopes to diagnose most of what can be diagnosed).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.orders import resample_to_angle
from twin.dsp.spectrum import fast_length, hann

Array = NDArray[np.float64]

FULL_TREE: tuple[int, ...] = (2, 3, 4, 6, 8)
"""How often the whole band is divided for a record studied at leisure."""
QUICK_TREE: tuple[int, ...] = (3, 6)
"""The same for a stream, where every window pays."""
OUTLIER = 8.0
"""How many times the usual maximum of a revolution the squared envelope may reach."""


@dataclass(frozen=True, slots=True)
class Band:
    """One candidate band [Hz]; `whitened` when every bin was brought to equal magnitude first."""

    low_hz: float
    high_hz: float
    whitened: bool = False


@dataclass(frozen=True, slots=True)
class EnvelopeSpectra:
    """Squared envelope spectra of one record.

    Parameters
    ----------
    bands : the candidates
    power : float64[bands, bins], power of the fluctuation of the squared envelope (Hann, averaged over
        segments)
    depth_gain : float64[bands]; depth_gain * sqrt(power) is the amplitude of a line relative to the mean
        squared envelope
    bins_per_order : bins per shaft order
    speed_hz : mean shaft speed that turns orders into Hz
    segments : how many half-overlapping segments were averaged
    """

    bands: tuple[Band, ...]
    power: Array
    depth_gain: Array
    bins_per_order: float
    speed_hz: float
    segments: int

    def depth(self, band: int) -> Array:
        """Amplitude spectrum of one band as modulation depth (1 = as large as the mean squared envelope)."""
        return np.asarray(np.sqrt(self.power[band]) * self.depth_gain[band])

    def order_axis(self) -> Array:
        """Shaft orders of the bins."""
        return np.arange(self.power.shape[1]) / self.bins_per_order


def candidate_bands(rate_hz: float, speed_hz: float, tree: tuple[int, ...]) -> list[Band]:
    """List the whole band raw and whitened, then the tree's; a band must hold 20 shaft orders."""
    top = 0.49 * rate_hz
    bottom = 2.0 * speed_hz
    bands = [Band(bottom, top), Band(bottom, top, whitened=True)]
    for parts in tree:
        for part in range(parts):
            low = max(0.5 * rate_hz * part / parts, bottom)
            high = min(0.5 * rate_hz * (part + 1) / parts, top)
            if high - low >= 20.0 * speed_hz:
                bands.append(Band(low, high))
    return bands


def envelope_spectra(
    x: Array,
    rate_hz: float,
    speed_hz: float,
    *,
    max_order: float,
    tree: tuple[int, ...] = FULL_TREE,
    bands: Sequence[Band] | None = None,
    segment_s: float | None = None,
    revs: Array | None = None,
) -> EnvelopeSpectra:
    """Demodulate x in every candidate band and take the spectrum of the squared envelope.

    Parameters
    ----------
    x : float64[n], any unit, without NaN
    rate_hz : sample rate
    speed_hz : mean shaft speed
    max_order : highest shaft order of interest
    tree : divisions of the whole band, unless bands are given
    bands : the candidates, instead of those of the tree; for example what a band chooser returned
    segment_s : length of the averaged segments; the whole record when None
    revs : float64[n], shaft angle of each sample [rev]; given when the speed moved, and then the squared
        envelopes are resampled on equal angles (the structure's ringing stays where it is in Hz)

    Raises
    ------
    ValueError
        If no band is given, or one is not inside 0 … rate_hz / 2.
    """
    chosen = candidate_bands(rate_hz, speed_hz, tree) if bands is None else list(bands)
    _check_bands(chosen, rate_hz)
    duration = x.size / rate_hz
    parts = 1 if segment_s is None else max(1, math.floor(duration / segment_s))
    spectrum = np.fft.rfft(x - x.mean())
    step_hz = 1.0 / duration
    df_hz = parts / duration
    bins_per_order = speed_hz / df_hz
    bins = max(int(max_order * bins_per_order) + 1, 8)
    power = np.zeros((len(chosen), bins))
    gain = np.zeros(len(chosen))
    for row, band in enumerate(chosen):
        first, last = math.ceil(band.low_hz / step_hz), min(int(band.high_hz / step_hz), spectrum.size)
        piece = spectrum[first:last]
        if band.whitened:
            # cepstrum pre-whitening in its limit: phase only (Borghesani et al. 2013)
            piece = piece / np.maximum(np.abs(piece), np.finfo(float).tiny)
        length = 2 * parts * fast_length(-(-piece.size // (2 * parts)))
        # The slice of the one-sided spectrum is the analytic signal shifted to zero, at rate
        # length/duration. The square folds only at lags near the bandwidth, far above the orders of interest.
        analytic = np.fft.ifft(piece, length)
        squared = analytic.real**2 + analytic.imag**2
        _limit_outliers(squared, round(length / (duration * speed_hz)))
        mean = float(squared.mean())
        if mean <= 0.0:
            continue
        squared /= mean
        if revs is not None:
            squared = _on_equal_angles(squared, revs, length)
        power[row], gain[row] = _averaged(squared, parts, bins)
    return EnvelopeSpectra(tuple(chosen), power, gain, bins_per_order, speed_hz, 2 * parts - 1)


def _check_bands(bands: list[Band], rate_hz: float) -> None:
    if not bands:
        raise ValueError("bands is empty; give at least one Band, or None for those of the tree")
    for band in bands:
        if not 0.0 <= band.low_hz < band.high_hz <= 0.5 * rate_hz:
            raise ValueError(
                f"band {band.low_hz:g} … {band.high_hz:g} Hz must rise and lie inside 0 … {0.5 * rate_hz:g} Hz, half "
                "the sample rate; correct the band or rate_hz"
            )


def _limit_outliers(squared: Array, per_rev: int) -> None:
    """Cut what is far above the usual maximum of a revolution: a blow happens once, damage again and again.

    Damage that passes the load zone peaks in every revolution or every other one, so the median of the
    maxima is its own size and nothing of it is cut.
    """
    count = squared.size // max(per_rev, 1)
    if count < 8:
        return
    maxima = squared[: count * per_rev].reshape(count, per_rev).max(axis=1)
    np.minimum(squared, OUTLIER * float(np.median(maxima)), out=squared)


def _on_equal_angles(squared: Array, revs: Array, length: int) -> Array:
    """Resample to the same number of values, now equally spaced in angle over the same window."""
    place = np.arange(length) * (revs.size / length)
    angles = np.interp(place, np.arange(revs.size), revs)
    resampled = resample_to_angle(squared, angles, (length - 1) / angles[-1])
    return resampled if resampled.size == length else np.pad(resampled, (0, length), mode="edge")[:length]


def _averaged(squared: Array, parts: int, bins: int) -> tuple[Array, float]:
    size = squared.size // parts
    window = hann(size)
    power = np.zeros(bins)
    for start in range(0, squared.size - size + 1, max(size // 2, 1)):
        piece = squared[start : start + size]
        line = np.fft.rfft((piece - piece.mean()) * window)[:bins]
        power[: line.size] += line.real**2 + line.imag**2
    segments = 2 * parts - 1
    return power / segments, 2.0 / float(np.sum(window))
