"""Envelope of one band of one or many channels, and the spectrum of its square.

Two forms of the same analytic band: cut out of the spectrum (exact edges, the whole record at once) and
demodulated in time (an FIR filter's edges, no wrap-around from end to beginning). For many bands of one
record on an axis of shaft orders see `envelope.py`.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin.dsp.envelope import Band
from twin.dsp.spectrum import fast_length, hann

Array = NDArray[np.float64]
Form = Literal["frequency", "time"]

ROLL_OFF = 0.125
"""Width of either transition of the time form's filter, as a share of the bandwidth."""


@dataclass(frozen=True, slots=True)
class AnalyticBand:
    """Analytic signal of one band, shifted down and decimated.

    Parameters
    ----------
    values : complex128[…, m]; the absolute value is the envelope in the unit of x: 1 for a sine of amplitude 1
    rate_hz : rate of the values
    shift_hz : frequency that became zero
    """

    values: NDArray[np.complex128]
    rate_hz: float
    shift_hz: float

    def envelope(self) -> Array:
        """Instantaneous amplitude float64[…, m], in the unit of x."""
        return np.abs(self.values)

    def squared(self) -> Array:
        """Squared envelope float64[…, m], in the unit of x squared."""
        return np.asarray(self.values.real**2 + self.values.imag**2)


@dataclass(frozen=True, slots=True)
class SquaredEnvelopeSpectrum:
    """Spectrum of the squared envelope of a band.

    Parameters
    ----------
    freq_hz : float64[bins]
    depth : float64[…, bins], amplitude of each line of the squared envelope over its mean: a signal
        (1 + m·cos)·carrier shows 2m/(1 + m²/2) at the modulation frequency; dimensionless, NaN for silence
    mean_square : float64[…], mean squared envelope [unit of x squared]; depth times this is the line itself
    band : what was demodulated
    """

    freq_hz: Array
    depth: Array
    mean_square: Array
    band: Band


def analytic_band(x: Array, rate_hz: float, band: Band, *, form: Form = "frequency") -> AnalyticBand:
    """Analytic signal of a band, shifted to zero at the lowest convenient rate.

    Parameters
    ----------
    x : float64[n] or float64[channels, n], any unit, without NaN
    rate_hz : sample rate
    band : edges; `whitened` brings every bin to equal magnitude first (frequency form only)
    form : "frequency" slices the one-sided spectrum (Marple 1999: the analytic signal is that spectrum
        transformed back); "time" multiplies by exp(-j2πft) and low-passes (complex demodulation)

    Raises
    ------
    ValueError
        If x is empty, too short for the band, or not finite, or rate, band or form make no sense.
    """
    x = _checked(x, rate_hz, band)
    if form == "frequency":
        return _sliced(x, rate_hz, band)
    if form == "time":
        return _demodulated(x, rate_hz, band)
    raise ValueError(f"form = {form!r} must be 'frequency' or 'time'")


def squared_envelope_spectrum(
    x: Array, rate_hz: float, band: Band, *, form: Form = "frequency"
) -> SquaredEnvelopeSpectrum:
    """Amplitude spectrum of the squared envelope as modulation depth, Hann-windowed, mean removed.

    The squared envelope, not the envelope: squaring makes only sums and differences of what is in the band,
    a root makes harmonics of everything (Ho & Randall 2000).

    Raises
    ------
    ValueError
        As `analytic_band`.
    """
    analytic = analytic_band(x, rate_hz, band, form=form)
    squared = analytic.squared()
    size = squared.shape[-1]
    mean = squared.mean(axis=-1)
    window = hann(size)
    line = np.fft.rfft((squared - mean[..., None]) * window, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        depth = np.abs(line) * (2.0 / float(window.sum())) / mean[..., None]
    freq = np.asarray(np.fft.rfftfreq(size, 1.0 / analytic.rate_hz), dtype=np.float64)
    return SquaredEnvelopeSpectrum(freq, np.where(np.isfinite(depth), depth, math.nan), mean, band)


def _sliced(x: Array, rate_hz: float, band: Band) -> AnalyticBand:
    samples = x.shape[-1]
    spectrum = np.fft.rfft(x, axis=-1)
    step_hz = rate_hz / samples
    first, last = math.ceil(band.low_hz / step_hz), min(math.ceil(band.high_hz / step_hz), spectrum.shape[-1])
    if last - first < 8:
        raise ValueError(
            f"band {band.low_hz:g} … {band.high_hz:g} Hz holds {max(last - first, 0)} bins of {step_hz:g} Hz, fewer "
            "than 8; widen the band or give a longer record"
        )
    piece = spectrum[..., first:last]
    if band.whitened:
        piece = piece / np.maximum(np.abs(piece), np.finfo(float).tiny)
    # twice the bandwidth: the square then fits without folding
    length = fast_length(2 * (last - first))
    values = np.fft.ifft(piece, length, axis=-1) * (2.0 * length / samples)
    return AnalyticBand(values, length * step_hz, first * step_hz)


def _demodulated(x: Array, rate_hz: float, band: Band) -> AnalyticBand:
    from scipy.signal import firwin, upfirdn

    if band.whitened:
        raise ValueError("a whitened band needs the whole spectrum: use form='frequency'")
    width = band.high_hz - band.low_hz
    centre = 0.5 * (band.low_hz + band.high_hz)
    # Hamming: main lobe 3.3/length of the rate from pass to stop band
    half = math.ceil(1.65 * rate_hz / (ROLL_OFF * width))
    if x.shape[-1] <= 2 * half:
        raise ValueError(
            f"x has {x.shape[-1]} samples, but the filter of a band {width:g} Hz wide is {2 * half + 1} long; "
            "widen the band or give a longer record"
        )
    taps = firwin(2 * half + 1, 0.5 * width, fs=rate_hz)
    factor = max(1, int(rate_hz / (2.0 * width)))
    turned = x * np.exp(-2j * np.pi * centre / rate_hz * np.arange(x.shape[-1]))
    # only whole overlaps of filter and record
    filtered = upfirdn(2.0 * taps, turned, up=1, down=factor, axis=-1)
    first = -(-2 * half // factor)
    last = (x.shape[-1] - 1) // factor + 1
    return AnalyticBand(np.ascontiguousarray(filtered[..., first:last]), rate_hz / factor, centre)


def _checked(x: Array, rate_hz: float, band: Band) -> Array:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 0 or x.size == 0:
        raise ValueError("x is empty; give a record")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"rate_hz = {rate_hz} must be positive and finite")
    if not 0.0 <= band.low_hz < band.high_hz <= 0.5 * rate_hz:
        raise ValueError(
            f"band {band.low_hz:g} … {band.high_hz:g} Hz must rise and lie inside 0 … {0.5 * rate_hz:g} Hz, half the "
            "sample rate; correct the band or rate_hz"
        )
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinite values; cut the gaps out or fill them first")
    return x
