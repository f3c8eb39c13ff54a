"""Cepstra: families of equally spaced lines as single peaks, and signals with such families taken out.

All gear mesh harmonics and sidebands of one shaft are spaced by its speed and share one set of quefrencies; the
slip of a bearing's balls keeps its lines out of them (Randall & Sawalhi 2011).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.dsp.density import Welch, check_rate, complete

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

FLOOR = 1e-12
"""Bins below this part of the largest are taken as equal to it: their logarithm would be rounding error."""


@dataclass(frozen=True, slots=True)
class Cepstrum:
    """Inverse transform of a logarithmic spectrum.

    Parameters
    ----------
    quefrency_s : float64[quefrencies]
    values : float64[..., quefrencies] [neper]; a family of lines f apart peaks at 1/f, 2/f, …
    spread : float64[quefrencies], shape of the standard deviation of noise: flat for a record taken whole; a
        window couples neighbouring bins, and their logarithms scatter less at long quefrencies
    """

    quefrency_s: Array
    values: Array
    spread: Array


@dataclass(frozen=True, slots=True)
class Rahmonics:
    """Peaks of one family of lines in a cepstrum.

    Parameters
    ----------
    spacing_hz : distance of the family's lines, from the peaks weighted by their height; NaN when not significant
    quefrency_s, height : float64[count], where each rahmonic's largest value stands, and its value [neper]
    background : standard deviation of the cepstrum beside the peaks, over its `spread` (from the median, which peaks
        do not move)
    score : sum of the heights over the background
    false_alarm_rate : chance that a cepstrum without this family scores as high, at most
    significant : whether that is below the rate asked for
    """

    spacing_hz: float
    quefrency_s: Array
    height: Array
    background: float
    score: float
    false_alarm_rate: float
    significant: bool


def real_cepstrum(x: ArrayLike, rate_hz: float) -> Cepstrum:
    """Inverse transform of ln|X|, the whole record at once, without window.

    White noise shows, at every quefrency but 0, mean 0 and standard deviation π/√(24n): the logarithm of an
    exponentially distributed power has variance π²/6.

    Parameters
    ----------
    x : float64[..., n], any unit, every reading finite
    rate_hz : sample rate

    Raises
    ------
    ValueError
        If a reading is missing, a channel is constant, or there are fewer than 4 samples.
    """
    check_rate(rate_hz)
    data, spectrum = _spectrum(x)
    n = data.shape[-1]
    values = np.fft.irfft(_log(spectrum), n)[..., : n // 2 + 1]
    return Cepstrum(_quefrency(n, rate_hz), values, np.ones(n // 2 + 1))


def power_cepstrum(spectrum: Welch) -> Cepstrum:
    """Inverse transform of ln S, S an averaged density: less scatter than a record's own, shorter quefrencies.

    Twice a real cepstrum, as ln|X|² = 2 ln|X| (Randall 2017 §2).

    Raises
    ------
    ValueError
        If a channel's density is zero throughout or unknown (no whole segment).
    """
    top = spectrum.density.max(axis=-1, keepdims=True)
    if not np.all(top > 0.0):
        raise ValueError(
            "density is zero or unknown (NaN); a constant signal or one without whole segments has no cepstrum"
        )
    segment = spectrum.window.values.size
    # the ends are made two-sided like the others
    level = spectrum.density.copy()
    level[..., 0] *= 2.0
    if segment % 2 == 0:
        level[..., -1] *= 2.0
    log = np.log(np.maximum(level, FLOOR**2 * top))
    values = np.fft.irfft(log, segment)[..., : segment // 2 + 1]
    # powers d bins apart correlate by |W²(d)|², the squared spectrum of the squared window; back to quefrency
    coupled = np.abs(np.fft.rfft(spectrum.window.values**2)) ** 2
    variance = np.fft.irfft(coupled / coupled[0], segment)[: segment // 2 + 1]
    spread = np.sqrt(np.maximum(variance / variance[0], 1e-6))
    return Cepstrum(_quefrency(segment, segment * float(spectrum.freq_hz[1])), values, spread)


def rahmonics(
    cepstrum: Cepstrum, spacing_hz: float, count: int = 5, *, tolerance: float = 0.01, false_alarm_rate: float = 1e-3
) -> Rahmonics:
    """Look for the family of lines `spacing_hz` apart.

    Parameters
    ----------
    cepstrum : of one channel
    spacing_hz : expected distance of the lines, as shaft speed or a ball-pass frequency
    count : most rahmonics to take; fewer when the cepstrum ends before
    tolerance : how wrong spacing_hz may be, relative
    false_alarm_rate : under which a family is significant

    Raises
    ------
    ValueError
        If the cepstrum is of many channels or does not reach the first rahmonic.
    """
    if cepstrum.values.ndim != 1:
        raise ValueError(f"one channel at a time; this cepstrum holds {cepstrum.values.shape[:-1]}")
    step = float(cepstrum.quefrency_s[1])
    size = cepstrum.values.size
    if not 4.0 * step < 1.0 / spacing_hz <= (size - 3) * step / (1.0 + tolerance):
        raise ValueError(
            f"spacing_hz = {spacing_hz} must lie between {(1.0 + tolerance) / ((size - 3) * step):.6g}, below which "
            f"the cepstrum is too short, and {0.25 / step:.6g}"
        )
    period = 1.0 / (spacing_hz * step)
    value = cepstrum.values
    scaled = value / cepstrum.spread
    where, height, tries = [], [], []
    total = 0.0
    free = np.ones(size, bool)
    free[: max(int(0.3 * period), 3)] = False
    for k in range(1, count + 1):
        half = max(tolerance * k * period, 1.0)
        first, last = round(k * period - half), round(k * period + half)
        if last >= size - 1:
            break
        top = first + int(np.argmax(scaled[first : last + 1]))
        bend = value[top - 1] - 2.0 * value[top] + value[top + 1]
        offset = 0.0 if bend >= 0.0 else 0.5 * float(value[top - 1] - value[top + 1]) / float(bend)
        where.append((top + min(max(offset, -0.5), 0.5)) * step)
        height.append(float(value[top]))
        total += float(scaled[top])
        tries.append(last - first + 1)
        free[max(first - 2, 0) : last + 3] = False
    beside = scaled[free][: max(int((count + 2) * period), 2048)]
    background = max(1.4826 * float(np.median(np.abs(beside - np.median(beside)))), np.finfo(float).tiny)
    score = total / background
    chance = _chance(score, tries)
    weights = np.maximum(height, 0.0)
    order = np.arange(1, len(where) + 1)
    significant = chance < false_alarm_rate
    spacing = float(np.sum(weights * order**2) / np.sum(weights * order * np.array(where))) if significant else math.nan
    return Rahmonics(spacing, np.array(where), np.array(height), background, score, chance, significant)


def prewhiten(x: ArrayLike) -> Array:
    """Cepstrum pre-whitening in its limit: every bin at equal magnitude, phase kept; float64[..., n] of rms 1.

    ifft(X/|X|): zeroes the whole real cepstrum (Borghesani et al. 2013). Lines of gears and shafts are brought
    down to the level of the noise beside them; impacts stay where they are in time. No speed is needed. It
    lifts noise where there was no signal (beyond a filter's edge) to the same level: limit the band afterwards.

    Raises
    ------
    ValueError
        As of `real_cepstrum`.
    """
    data, spectrum = _spectrum(x)
    size = np.abs(spectrum)
    # bins that hold rounding errors only have no phase worth keeping
    held = size > FLOOR * size.max(axis=-1, keepdims=True)
    white = np.where(held, spectrum / np.where(held, size, 1.0), 0.0)
    white[..., 0] = 0.0
    out = np.fft.irfft(white, data.shape[-1])
    return np.asarray(out / np.sqrt(np.mean(out**2, axis=-1, keepdims=True)))


def lifter(x: ArrayLike, weights: Array) -> Array:
    """Signal whose real cepstrum is multiplied by weights, its phase kept; float64[..., n].

    Editing of the real cepstrum (Randall & Sawalhi 2011): magnitude exp of the edited logarithm, phase of x.

    Parameters
    ----------
    x : float64[..., n], any unit, every reading finite
    weights : float64[n // 2 + 1], one for each quefrency, as of `short_pass`, `long_pass` or `comb_notch`

    Raises
    ------
    ValueError
        As of `real_cepstrum`, or if the weights do not fit.
    """
    data, spectrum = _spectrum(x)
    n = data.shape[-1]
    if weights.shape != (n // 2 + 1,):
        raise ValueError(f"weights of shape {weights.shape} must be ({n // 2 + 1},): half the samples and one")
    log = _log(spectrum)
    cepstrum = np.fft.irfft(log, n)
    mirrored = np.concatenate([weights, weights[(n + 1) // 2 - 1 : 0 : -1]])
    gain = np.exp(np.fft.rfft(cepstrum * mirrored).real - log)
    gain[..., 0] = 0.0
    mean = np.asarray(x, np.float64).mean(axis=-1, keepdims=True)
    return np.asarray(np.fft.irfft(spectrum * gain, n) + mean)


def short_pass(n: int, rate_hz: float, cutoff_s: float) -> Array:
    """Weights that keep quefrencies up to cutoff_s: the spectrum's broad shape (resonances) without its lines."""
    return (_quefrency(n, rate_hz) <= cutoff_s).astype(np.float64)


def long_pass(n: int, rate_hz: float, cutoff_s: float) -> Array:
    """Weights that keep the mean level and quefrencies above cutoff_s: lines without the broad shape."""
    weights = (_quefrency(n, rate_hz) > cutoff_s).astype(np.float64)
    weights[0] = 1.0
    return weights


def comb_notch(n: int, rate_hz: float, spacing_hz: ArrayLike, *, tolerance: float = 0.0, samples: int = 2) -> Array:
    """Weights that take out all rahmonics of lines `spacing_hz` apart.

    Parameters
    ----------
    n : samples of the signal
    rate_hz : sample rate
    spacing_hz : one or several distances of lines, as the speeds of a gearbox's shafts
    tolerance : relative uncertainty of the spacing: the notch of rahmonic k is that much wider
    samples : half width of a notch at least

    Raises
    ------
    ValueError
        If a spacing is not positive, or so close to half the rate that nothing but notches would be left.
    """
    check_rate(rate_hz)
    weights = np.ones(n // 2 + 1)
    for spacing in np.atleast_1d(np.asarray(spacing_hz, np.float64)):
        if not (spacing > 0.0 and rate_hz / spacing > 2.0 * (2 * samples + 1)):
            raise ValueError(
                f"spacing_hz = {spacing} must be above 0 and below {rate_hz / (2.0 * (2 * samples + 1)):.6g}: "
                f"its notches, {2 * samples + 1} samples wide, must leave more than half of the cepstrum"
            )
        period = rate_hz / spacing
        for k in range(1, int((n // 2 + samples) / period) + 1):
            half = max(float(samples), tolerance * k * period)
            weights[max(math.ceil(k * period - half), 1) : math.floor(k * period + half) + 1] = 0.0
    return weights


def remove_families(
    x: ArrayLike, rate_hz: float, spacing_hz: ArrayLike, *, tolerance: float = 0.0, samples: int = 2
) -> Array:
    """Signal without the families of lines spaced by the speeds of shafts; float64[..., n], same unit.

    The speed must be steady within the record (resample to shaft angle first where it is not). Lines spaced by
    `spacing_hz` go wherever they lie; random ones, as of a slipping bearing, stay. Parameters and errors as of
    `lifter` and `comb_notch`.
    """
    data = complete(x)
    return lifter(data, comb_notch(data.shape[-1], rate_hz, spacing_hz, tolerance=tolerance, samples=samples))


def _spectrum(x: ArrayLike) -> tuple[Array, Complex]:
    data = complete(x)
    n = data.shape[-1]
    if n < 4:
        raise ValueError(f"{n} samples are too few for a cepstrum; take at least 4")
    if not np.all(np.ptp(data, axis=-1) > 0.0):
        raise ValueError("a constant signal has no cepstrum; is the channel dead?")
    data = data - data.mean(axis=-1, keepdims=True)
    spectrum = np.fft.rfft(data)
    # the mean is no part of the spectrum's shape: its bin takes its neighbour's place
    spectrum[..., 0] = np.abs(spectrum[..., 1])
    return data, spectrum


def _log(spectrum: Complex) -> Array:
    size = np.abs(spectrum)
    return np.asarray(np.log(np.maximum(size, FLOOR * size.max(axis=-1, keepdims=True))))


def _quefrency(n: int, rate_hz: float) -> Array:
    check_rate(rate_hz)
    return np.asarray(np.arange(n // 2 + 1) / rate_hz, np.float64)


def _chance(score: float, tries: list[int]) -> float:
    """Probability that the largest of m standard normal values, summed over all m in tries, reaches the score."""
    from scipy.special import ndtr

    step = 0.02
    edges = np.arange(-8.0, 12.0 + step, step)
    total = np.ones(1)
    for m in tries:
        total = np.convolve(total, np.diff(ndtr(edges) ** m))
    sums = len(tries) * (edges[0] + 0.5 * step) + step * np.arange(total.size)
    return float(min(total[sums >= score].sum(), 1.0))
