"""Slow, obvious counterparts of the twin's signal kernels, written from the book."""

import numpy as np


def biquad_cascade(sos, x):
    """Difference equation in direct form I, one section after the other."""
    y = np.asarray(x, dtype=float)
    for b0, b1, b2, _, a1, a2 in sos:
        out = np.zeros_like(y)
        for n in range(y.size):
            out[n] = b0 * y[n]
            if n >= 1:
                out[n] += b1 * y[n - 1] - a1 * out[n - 1]
            if n >= 2:
                out[n] += b2 * y[n - 2] - a2 * out[n - 2]
        y = out
    return y


def moments(x):
    """Mean, rms, skewness and kurtosis of the readings in two passes."""
    x = x[~np.isnan(x)]
    mean = x.sum() / x.size
    deviation = x - mean
    variance = (deviation**2).sum() / x.size
    return {
        "mean": mean,
        "rms": np.sqrt((x**2).sum() / x.size),
        "skewness": (deviation**3).sum() / x.size / variance**1.5,
        "kurtosis": (deviation**4).sum() / x.size / variance**2,
    }


def squared_envelope_spectrum(x, rate_hz, low_hz, high_hz):
    """Amplitude spectrum of the squared envelope of a band, relative to its mean: the textbook way."""
    spectrum = np.fft.fft(x)
    freq = np.fft.fftfreq(x.size, 1.0 / rate_hz)
    spectrum[(freq < low_hz) | (freq >= high_hz)] = 0.0
    squared = np.abs(2.0 * np.fft.ifft(spectrum)) ** 2
    squared /= squared.mean()
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(x.size) / x.size)
    return np.abs(np.fft.rfft((squared - 1.0) * window)) * 2.0 / window.sum()


def order_amplitude(x, revs, order):
    """Projection on a complex exponential of the shaft angle, Hann-weighted."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(x.size) / x.size)
    return 2.0 * abs(np.sum(x * window * np.exp(-2j * np.pi * order * revs))) / window.sum()


def comb_score(db, bins_per_order, base, slips, free, tolerance, penalty, weights):
    """Best weighted sum of harmonic peaks over a list of slips."""
    best = (-1.0, 0.0)
    for slip in slips:
        total = 0.0
        for h, weight in enumerate(weights, start=1):
            at = h * base * bins_per_order * (1.0 + slip)
            half = max(1.0, 0.002 * at)
            total += weight * max(db[max(round(at - half), 0) : round(at + half) + 1], default=0.0)
        if abs(slip) > free:
            total -= penalty * (abs(slip) - free) / (tolerance - free)
        if total > best[0]:
            best = (total, slip)
    return best
