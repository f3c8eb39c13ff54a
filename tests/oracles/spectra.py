"""Slow, obvious counterparts of the twin's spectra, written from the book, and signals with known answers."""

import numpy as np


def dft(x):
    """Sum over samples, bin by bin, one-sided."""
    m = np.arange(x.size)
    return np.array([np.sum(x * np.exp(-2j * np.pi * k * m / x.size)) for k in range(x.size // 2 + 1)])


def segments(x, size, hop):
    """Pieces that lie in the signal whole."""
    return [x[start : start + size] for start in range(0, x.size - size + 1, hop)]


def detrended(piece, kind):
    """Less the polynomial of degree 0 or 1 that fits best."""
    if kind == "none":
        return piece
    m = np.arange(piece.size)
    return piece - np.polyval(np.polyfit(m, piece, {"constant": 0, "linear": 1}[kind]), m)


def welch(x, rate_hz, window, hop, kind="constant", y=None):
    """Mean of conj(X)·Y over the segments in which nothing is missing, one-sided density."""
    y = x if y is None else y
    total, count = 0.0, 0
    for a, b in zip(segments(x, window.size, hop), segments(y, window.size, hop), strict=True):
        if np.isfinite(a).all() and np.isfinite(b).all():
            total = total + np.conj(dft(detrended(a, kind) * window)) * dft(detrended(b, kind) * window)
            count += 1
    density = total / count / (rate_hz * np.sum(window**2))
    doubled = slice(1, -1 if window.size % 2 == 0 else None)
    density[doubled] *= 2.0
    return density, count


def effective_averages(window, hop, weights):
    """(sum of weights)² over the variance of the weighted sum of segments that share samples (Welch 1967)."""
    variance = 0.0
    for i, a in enumerate(weights):
        for j, b in enumerate(weights):
            lag = abs(i - j) * hop
            shared = np.sum(window[lag:] * window[: max(window.size - lag, 0)]) / np.sum(window**2)
            variance += a * b * shared**2
    return np.sum(weights) ** 2 / variance


def band_sum(x, rate_hz, freq_hz):
    """Fourier sum at any frequencies."""
    t = np.arange(x.size) / rate_hz
    return np.array([np.sum(x * np.exp(-2j * np.pi * f * t)) for f in freq_hz])


def real_cepstrum(x):
    """Cosine sum of ln|X| over all bins, both sides; the mean's bin takes its neighbour's level."""
    n = x.size
    full = np.array([np.sum((x - x.mean()) * np.exp(-2j * np.pi * k * np.arange(n) / n)) for k in range(n)])
    level = np.abs(full)
    level[0] = level[1]
    level = np.log(level)
    return np.array([np.sum(level * np.cos(2 * np.pi * np.arange(n) * q / n)) / n for q in range(n // 2 + 1)])


def gear_mix(speed_hz, rate_hz, duration_s, defect_hz, *, defect, rng):
    """Pinion of 23 teeth on a wheel of 67, modulated by both shafts, with impacts of 1 % random-walk slip, and noise.

    Impacts ring 5400 Hz at damping 0.03, amplitude `defect`; mesh harmonic m has amplitude 1/sqrt(m).
    """
    n = round(rate_hz * duration_s)
    t = np.arange(n) / rate_hz
    x = 0.3 * rng.standard_normal(n)
    for m in range(1, 21):
        phases = rng.uniform(0, 2 * np.pi, 4)
        modulation = (
            1.0
            + 0.3 * np.cos(2 * np.pi * speed_hz * t + phases[0])
            + 0.2 * np.cos(4 * np.pi * speed_hz * t + phases[1])
            + 0.2 * np.cos(2 * np.pi * speed_hz * 23 / 67 * t + phases[2])
        )
        x += modulation * np.cos(2 * np.pi * 23 * speed_hz * m * t + phases[3]) / np.sqrt(m)
    at = np.cumsum((1.0 + 0.01 * rng.standard_normal(int(1.2 * duration_s * defect_hz))) / defect_hz)
    for time in at[at < duration_s]:
        first = int(np.ceil(time * rate_hz))
        age = np.arange(first, min(first + int(0.012 * rate_hz), n)) / rate_hz - time
        x[first : first + age.size] += defect * np.exp(-2 * np.pi * 5400 * 0.03 * age) * np.sin(2 * np.pi * 5400 * age)
    return x
