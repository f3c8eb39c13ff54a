"""Zoom: a dense spectrum of a narrow band by the chirp z-transform, and an honest word on its resolution.

Dense points are interpolation, not resolution: two lines closer than the window's width over the record stay
one peak, however fine the axis. `Zoom` states both.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.density import check_rate, complete
from twin.dsp.windows import Window, window

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Zoom:
    """Spectrum of a band.

    Parameters
    ----------
    freq_hz : float64[points], first and last are the band's ends
    spectrum : complex128[..., points]; magnitude is the peak amplitude of a line there, the angle its phase
        (of the cosine) at the first sample
    window : shape and its numbers
    separation_hz : two equal lines closer than this show one peak: not resolvable here
    noise_bandwidth_hz : white noise of one-sided density S shows the rms magnitude sqrt(2·S·noise_bandwidth_hz)
    """

    freq_hz: Array
    spectrum: Complex
    window: Window
    separation_hz: float
    noise_bandwidth_hz: float

    def amplitude(self) -> Array:
        """Peak amplitudes float64[..., points]."""
        return np.abs(self.spectrum)

    def resolves(self, first_hz: float, second_hz: float) -> bool:
        """Say whether two lines of similar height at these frequencies show two peaks."""
        return abs(first_hz - second_hz) >= self.separation_hz


def zoom(
    x: ArrayLike,
    rate_hz: float,
    low_hz: float,
    high_hz: float,
    points: int = 1024,
    *,
    window: str = "hann",
) -> Zoom:
    """Spectrum at `points` equally spaced frequencies of a band.

    Parameters
    ----------
    x : float64[..., n], any unit, every reading finite; the mean of each channel is taken off first
    rate_hz : sample rate
    low_hz, high_hz : ends of the band, both included
    points : how many frequencies
    window : see `twin.dsp.windows.window`

    Raises
    ------
    ValueError
        If a reading is missing, or the band does not lie between 0 and half the rate.
    """
    data = complete(x)
    check_rate(rate_hz)
    if not 0.0 <= low_hz < high_hz <= 0.5 * rate_hz:
        raise ValueError(f"band {low_hz} to {high_hz} Hz must be rising and lie within 0 and {0.5 * rate_hz}")
    if points < 2:
        raise ValueError(f"points = {points} must be at least 2")
    n = data.shape[-1]
    shape = _window(window, n)
    step_hz = (high_hz - low_hz) / (points - 1)
    factor = 2.0 / (n * shape.coherent_gain)
    rows = data.reshape(-1, n)
    out = np.empty((rows.shape[0], points), np.complex128)
    for row, line in zip(rows, out, strict=True):
        czt((row - row.mean()) * (shape.values * factor), low_hz / rate_hz, step_hz / rate_hz, points, line)
    return Zoom(
        freq_hz=np.asarray(low_hz + step_hz * np.arange(points), np.float64),
        spectrum=out.reshape(*data.shape[:-1], points),
        window=shape,
        separation_hz=shape.separation_bins * rate_hz / n,
        noise_bandwidth_hz=shape.enbw_bins * rate_hz / n,
    )


def czt(x: NDArray[np.float64] | Complex, start: float, step: float, points: int, out: Complex) -> None:
    """Sum of x[m]·exp(-2πj·(start + k·step)·m) for k = 0 … points-1, frequencies in cycles per sample.

    Bluestein's chirp turns it into convolutions (Rabiner, Schafer & Rader 1969), here over blocks of a few times
    `points` samples: one pair of short transforms each, which stay in the cache, instead of one pair of long ones.
    """
    from scipy import fft

    plan = _plan(x.size, start, step, points)
    blocks, size = plan.turn.shape[0], plan.chirp.size
    whole = x.size // size
    work = np.zeros((blocks, plan.length), np.complex128)
    np.multiply(x[: whole * size].reshape(whole, size), plan.chirp, out=work[:whole, :size])
    if blocks > whole:
        rest = x.size - whole * size
        work[whole, :rest] = x[whole * size :] * plan.chirp[:rest]
    spectra = fft.fft(work, axis=-1, overwrite_x=True)
    spectra *= plan.kernel
    parts = fft.ifft(spectra, axis=-1, overwrite_x=True)[:, :points]
    np.einsum("bk,bk->k", parts, plan.turn, out=out)


@dataclass(frozen=True, slots=True)
class _Plan:
    length: int
    chirp: Complex
    kernel: Complex
    turn: Complex


@functools.lru_cache(maxsize=16)
def _plan(n: int, start: float, step: float, points: int) -> _Plan:
    """Chirps of one shape of transform; the same bands of the same records come again and again."""
    from scipy import fft

    length = fft.next_fast_len(min(n + points - 1, max(4 * points, 2048)))
    size = min(length - points + 1, n)
    blocks = math.ceil(n / size)
    # the phase πstep·m² counts thousands of turns: reduced to less than one before it is a float64
    m = np.arange(max(size, points), dtype=np.longdouble)
    half = _turned(0.5 * np.longdouble(step) * m * m)
    chirp = _turned(np.longdouble(start) * m[:size]) * half[:size]
    lags = np.zeros(length, np.complex128)
    lags[:points] = np.conj(half[:points])
    lags[length - size + 1 :] = np.conj(half[1:size][::-1])
    k = np.arange(points, dtype=np.longdouble)
    first = np.arange(blocks, dtype=np.longdouble) * size
    turn = _turned(np.outer(first, np.longdouble(start) + np.longdouble(step) * k)) * half[:points]
    return _Plan(length, chirp, np.asarray(fft.fft(lags)), turn)


def _turned(turns: NDArray[np.longdouble]) -> Complex:
    """exp(-2πj·turns)."""
    return np.asarray(np.exp(-2j * np.pi * np.asarray(turns - np.floor(turns), np.float64)))


_window = window
