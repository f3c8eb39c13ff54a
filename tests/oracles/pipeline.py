"""The streaming pipeline as one would write it on a whole record, stage after stage, in double precision."""

import numpy as np

from tests.oracles.dsp import biquad_cascade


def fir(taps, x):
    """Convolution sum, zeros before the beginning."""
    return np.array([sum(taps[k] * x[n - k] for k in range(len(taps)) if n >= k) for n in range(len(x))])


def features(x):
    """Textbook time features of one window."""
    size = np.abs(x)
    rms = np.sqrt(np.mean(x**2))
    centred = x - x.mean()
    std = np.sqrt(np.mean(centred**2))
    signs = np.signbit(x)
    return {
        "mean": x.mean(),
        "rms": rms,
        "std": std,
        "peak": size.max(),
        "crest": size.max() / rms,
        "kurtosis": np.mean(centred**4) / std**4,
        "skewness": np.mean(centred**3) / std**3,
        "shape": rms / size.mean(),
        "impulse": size.max() / size.mean(),
        "clearance": size.max() / np.mean(np.sqrt(size)) ** 2,
        "peak_to_peak": x.max() - x.min(),
        "zero_crossings": np.count_nonzero(signs[1:] != signs[:-1]),
    }


def point(x, high_pass, band_pass, taps, factor):
    """High-passed samples and squared envelope of a whole record that starts at rest."""
    y = biquad_cascade(high_pass, x)
    z = biquad_cascade(band_pass, y)
    re, im = fir(taps.real, z), fir(taps.imag, z)
    return y, (re**2 + im**2)[factor - 1 :: factor]


def fluctuation_power(envelope, size):
    """Power spectrum of a squared envelope about its mean, Hann-windowed and padded to `size`."""
    n = len(envelope)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    return np.abs(np.fft.rfft(window * (envelope / envelope.mean() - 1.0), size)) ** 2
