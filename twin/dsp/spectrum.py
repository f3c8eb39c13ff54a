"""Spectra: Hann-windowed amplitude, amplitudes between bins, bands, velocity from acceleration.

Power density is in `density.py`: following a point needs none, and so compiles none of its kernels.
"""

import math

import numpy as np
from numpy.typing import NDArray

from twin.dsp.windows import hann

__all__ = [
    "amplitude_spectrum",
    "band_rms",
    "fast_length",
    "hann",
    "line_amplitude",
    "peak_hold",
    "velocity_rms",
]

Array = NDArray[np.float64]


def fast_length(n: int) -> int:
    """Smallest length >= n with no prime factor above 5, for which the FFT is quick."""
    best = 1 << max(n - 1, 0).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            need = -(-n // three)
            candidate = three << max(need - 1, 0).bit_length()
            best = min(best, candidate) if candidate >= n else best
            three *= 3
        five *= 5
    return best


def amplitude_spectrum(x: Array) -> Array:
    """Peak amplitude of each bin of x[..., n], float64[..., n//2+1], Hann-windowed; a sine on a bin shows its own."""
    window = hann(x.shape[-1])
    return np.asarray(np.abs(np.fft.rfft(x * window)) * (2.0 / float(np.sum(window))))


def line_amplitude(amplitude: Array, bin_position: float, reach: float = 1.5) -> tuple[float, float]:
    """Amplitude and position [bins] of the strongest line within `reach` bins, interpolated between bins.

    Exact for one steady sine under a Hann window: with ratio a of the larger neighbour to the peak the
    offset is (2a-1)/(1+a) bins, and the loss is undone by sinc(d)/(1-d²) (Harris 1978; Grandke 1983).
    Scalloping would cost up to 1.42 dB otherwise.
    """
    first = max(round(bin_position - reach), 1)
    last = min(round(bin_position + reach), amplitude.size - 2)
    if last < first:
        return math.nan, bin_position
    peak = first + int(np.argmax(amplitude[first : last + 1]))
    top = float(amplitude[peak])
    if top <= 0.0:
        return 0.0, float(peak)
    left, right = float(amplitude[peak - 1]), float(amplitude[peak + 1])
    ratio = max(left, right) / top
    offset = min(max((2.0 * ratio - 1.0) / (1.0 + ratio), 0.0), 0.5)
    loss = 1.0 if offset == 0.0 else math.sin(math.pi * offset) / (math.pi * offset) / (1.0 - offset * offset)
    return top / loss, peak + (offset if right >= left else -offset)


def band_rms(amplitude: Array, df_hz: float, low_hz: float, high_hz: float) -> float:
    """Root mean square within a band of a Hann amplitude spectrum (equivalent noise bandwidth 1.5 bins)."""
    first, last = _bins(amplitude.size, df_hz, low_hz, high_hz)
    piece = amplitude[first:last]
    return math.sqrt(float(np.dot(piece, piece)) / 3.0) if piece.size else 0.0


def velocity_rms(amplitude: Array, df_hz: float, low_hz: float, high_hz: float) -> float:
    """Root mean square velocity [m/s] in a band from an acceleration amplitude spectrum [m/s²]."""
    first, last = _bins(amplitude.size, df_hz, low_hz, high_hz)
    first = max(first, 1)
    if last <= first:
        return 0.0
    piece = amplitude[first:last] / (2.0 * math.pi * df_hz * np.arange(first, last))
    return math.sqrt(float(np.dot(piece, piece)) / 3.0)


def peak_hold(freq_hz_step: float, amplitude: Array, points: int) -> tuple[Array, Array]:
    """Thin a spectrum to at most `points` values; each keeps the largest of its bins, so lines survive."""
    factor = max(1, -(-amplitude.size // points))
    size = amplitude.size // factor * factor
    pooled = amplitude[:size].reshape(-1, factor)
    where = np.argmax(pooled, axis=1) + np.arange(0, size, factor)
    return where * freq_hz_step, amplitude[where]


def _bins(size: int, df_hz: float, low_hz: float, high_hz: float) -> tuple[int, int]:
    return max(math.ceil(low_hz / df_hz), 0), min(math.floor(high_hz / df_hz) + 1, size)
