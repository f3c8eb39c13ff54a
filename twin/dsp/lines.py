"""Amplitude and frequency of spectral lines, between bins and beside neighbours, with their error stated.

The highest bin of a Hann spectrum is up to 1.42 dB too low, and interpolation from two bins is spoilt by a
neighbour. Here the bins around all lines that matter are fitted together: a line's shape under the Hann window
is known in closed form, so only its frequency, amplitude and phase are free.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.density import check_rate, complete
from twin.dsp.line_fit import Line, LineFit
from twin.dsp.windows import hann, window

__all__ = [
    "Line",
    "Tones",
    "duration_needed_s",
    "flat_top_amplitude",
    "measure_line",
    "minimum_separation_hz",
    "tones_at",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tones:
    """Amplitudes at known frequencies.

    Parameters
    ----------
    freq_hz : float64[tones], as asked for
    amplitude, phase_rad : float64[..., tones]; NaN where tones are not resolvable
    amplitude_std : float64[..., tones], standard error for the noise left over, taken as white
    resolvable : bool[tones], at least 1/duration from every other tone, from zero and from half the rate
    noise_rms : float64[...], rms of what the tones do not explain
    """

    freq_hz: Array
    amplitude: Array
    phase_rad: Array
    amplitude_std: Array
    resolvable: NDArray[np.bool_]
    noise_rms: Array


def minimum_separation_hz(rate_hz: float, n: int, name: str = "hann") -> float:
    """Distance [Hz] from which two equal lines show two peaks under a window over n samples."""
    check_rate(rate_hz)
    return window(name, n).separation_bins * rate_hz / n


def duration_needed_s(separation_hz: float, name: str = "hann") -> float:
    """Record length [s] that separates two lines, as a slip's 2sf, by two peaks in the spectrum."""
    if not separation_hz > 0.0:
        raise ValueError(f"separation_hz = {separation_hz} must be above 0")
    return window(name, 8).separation_bins / separation_hz


def tones_at(x: ArrayLike, rate_hz: float, freq_hz: ArrayLike) -> Tones:
    """Least squares of sines of known frequencies and a constant (Kay 1993 §4.4, linear model).

    Parameters
    ----------
    x : float64[..., n], any unit, every reading finite
    rate_hz : sample rate
    freq_hz : float64[tones], each between 0 and rate_hz / 2, e.g. the harmonics of a measured speed

    Raises
    ------
    ValueError
        If a reading is missing, a frequency is out of range, or the record has fewer samples than unknowns.
    """
    data = complete(x)
    check_rate(rate_hz)
    freq = np.atleast_1d(np.asarray(freq_hz, np.float64))
    if not np.all((freq > 0.0) & (freq < 0.5 * rate_hz)):
        raise ValueError(f"freq_hz = {freq} must lie between 0 and half the rate, {0.5 * rate_hz}")
    n = data.shape[-1]
    if n <= 2 * freq.size + 1:
        raise ValueError(
            f"{n} samples cannot tell {freq.size} tones and a constant; take more than {2 * freq.size + 1}"
        )
    every = np.concatenate([[0.0], freq, [0.5 * rate_hz]])
    apart = np.abs(freq[:, None] - every[None, :])
    apart[np.arange(freq.size), 1 + np.arange(freq.size)] = math.inf
    resolvable = apart.min(axis=1) >= rate_hz / n
    angle = 2.0 * np.pi / rate_hz * np.outer(np.arange(n), freq)
    basis = np.concatenate([np.cos(angle), np.sin(angle), np.ones((n, 1))], axis=1)
    rows = data.reshape(-1, n)
    # Tones closer than can be told share their power in the fit: the others stay right, and these are not
    # reported. What is reported is so well conditioned that the normal equations lose nothing.
    inverse = np.linalg.pinv(basis.T @ basis, rcond=1e-12, hermitian=True)
    solution = inverse @ (basis.T @ rows.T)
    variance = np.sum((rows.T - basis @ solution) ** 2, axis=0) / (n - 2 * freq.size - 1)
    spread = np.diag(inverse)
    m = freq.size
    a, b = solution[:m], solution[m : 2 * m]
    amplitude = np.hypot(a, b)
    # along the amplitude the error is a mixture of the cosine's and the sine's
    share = np.where(amplitude > 0.0, a**2 / np.where(amplitude > 0.0, amplitude**2, 1.0), 0.5)
    std = np.sqrt(variance * (share * spread[:m, None] + (1.0 - share) * spread[m : 2 * m, None]))
    keep = np.where(resolvable, 1.0, math.nan)[:, None]
    shape = (*data.shape[:-1], m)
    return Tones(
        freq_hz=freq,
        amplitude=(amplitude * keep).T.reshape(shape),
        phase_rad=(np.arctan2(-b, a) * keep).T.reshape(shape),
        amplitude_std=(std * keep).T.reshape(shape),
        resolvable=resolvable,
        noise_rms=np.sqrt(variance).reshape(shape[:-1]),
    )


def measure_line(x: ArrayLike, rate_hz: float, freq_hz: float, reach_hz: float | None = None) -> Line:
    """Strongest line within `reach_hz` of a frequency, fitted together with its neighbours.

    Parameters
    ----------
    x : float64[n], any unit, every reading finite
    rate_hz : sample rate
    freq_hz : where the line is expected
    reach_hz : how far it may lie from there; 1.5 bins when None

    Raises
    ------
    ValueError
        If a reading is missing, the record is shorter than 16 samples, or the search leaves the spectrum.
    """
    data = complete(x)
    if data.ndim != 1 or data.size < 16:
        raise ValueError(f"signal of shape {data.shape} must be one channel of at least 16 samples")
    check_rate(rate_hz)
    df = rate_hz / data.size
    reach = 1.5 if reach_hz is None else reach_hz / df
    place = freq_hz / df
    if not (reach >= 0.0 and 2.0 <= place <= data.size / 2 - 2.0):
        raise ValueError(
            f"freq_hz = {freq_hz} must lie two bins of {df:.6g} Hz from 0 and from half the rate, {0.5 * rate_hz}"
        )
    spectrum = np.fft.rfft((data - data.mean()) * hann(data.size)) * (2.0 / data.size)
    first = max(min(math.ceil(place - reach), round(place)), 2)
    last = min(max(math.floor(place + reach), round(place)), spectrum.size - 3)
    top = first + int(np.argmax(np.abs(spectrum[first : last + 1])))
    line = LineFit(spectrum, data.size, top).line(place, max(reach, 0.1), rate_hz)
    if line.method == "flat-top":
        line = replace(line, amplitude=float(flat_top_amplitude(data, rate_hz, line.freq_hz, 1.5 * df)))
    return line


def flat_top_amplitude(x: ArrayLike, rate_hz: float, freq_hz: float, reach_hz: float) -> Array:
    """Peak amplitude of the strongest line near a frequency, float64[...], by a flat-top window.

    Right within 0.01 dB wherever the line lies between bins, for a line that wanders by a bin or two also;
    lines closer than 9 bins are mixed with it.
    """
    data = complete(x)
    check_rate(rate_hz)
    n = data.shape[-1]
    shape = window("flat-top", n)
    first = max(math.floor((freq_hz - reach_hz) * n / rate_hz), 1)
    last = min(math.ceil((freq_hz + reach_hz) * n / rate_hz), (n - 1) // 2)
    if last < first:
        raise ValueError(f"freq_hz = {freq_hz} within {reach_hz} must lie between 0 and half the rate, {0.5 * rate_hz}")
    mean = data.mean(axis=-1, keepdims=True)
    spectrum = np.fft.rfft((data - mean) * shape.values)[..., first : last + 1]
    return np.asarray(np.abs(spectrum).max(axis=-1) * (2.0 / (n * shape.coherent_gain)))
