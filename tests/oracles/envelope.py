"""Slow, obvious counterparts of envelope, kurtogram and infogram, written from the papers."""

import numpy as np


def analytic_fir(half, cutoff, centre):
    """Hamming-windowed sinc of 2·half + 1 taps, unit gain at rest, shifted to `centre` [cycles/sample]."""
    k = np.arange(-half, half + 1)
    taps = cutoff * np.sinc(cutoff * k) * (0.54 + 0.46 * np.cos(np.pi * k / half))
    return taps / taps.sum() * np.exp(2j * np.pi * centre * k)


def kurtogram(x, levels):
    """Antoni 2007: split every node in two and in three, decimate, kurtosis of the complex envelope."""
    x = x - x.mean()
    rows = {0: [(x**4).mean() / (x**2).mean() ** 2 - 3.0]}
    nodes = [x]
    for level in range(levels):
        if level < levels - 1:
            rows[level + np.log2(3.0)] = [
                kurtosis(np.convolve(node, analytic_fir(12, 0.8 / 3.0, centre), mode="valid")[::3])
                for node in nodes
                for centre in (1 / 12, 3 / 12, 5 / 12)
            ]
        children = []
        for node in nodes:
            low = np.convolve(node, analytic_fir(8, 0.4, 1 / 8), mode="valid")[::2]
            high = np.convolve(node, analytic_fir(8, 0.4, 3 / 8), mode="valid")[::2]
            children += [low, high * (-1.0) ** np.arange(high.size)]
        nodes = children
        rows[level + 1] = [kurtosis(node) for node in nodes]
    return [np.array(rows[level]) for level in sorted(rows)]


def kurtosis(z):
    """Kurtosis of complex values, 0 for circular Gaussian ones."""
    return (np.abs(z) ** 4).mean() / (np.abs(z) ** 2).mean() ** 2 - 2.0


def spectral_kurtosis(columns):
    """Unbiased estimator, one frequency at a time."""
    out = []
    for values in np.asarray(columns).T:
        count = len(values)
        s2 = sum(abs(v) ** 2 for v in values)
        s4 = sum(abs(v) ** 4 for v in values)
        out.append(count / (count - 1) * ((count + 1) * s4 / s2**2 - 2))
    return np.array(out)


def negentropies(x, low, high):
    """Antoni 2016 for the bins low … high of the spectrum: of the squared envelope and of its spectrum."""
    spectrum = np.fft.fft(x - x.mean())
    squared = np.abs(np.fft.ifft(spectrum[low:high])) ** 2
    line = np.abs(np.fft.fft(squared)) ** 2
    line = line[1 : (len(line) + 1) // 2]
    return [
        sum(v / values.mean() * np.log(v / values.mean()) for v in values) / len(values) for values in (squared, line)
    ]


def squared_envelope_spectrum(x, rate_hz, low_hz, high_hz, alpha_hz):
    """Depth of one line of the squared envelope by a direct sum over the textbook's analytic signal."""
    spectrum = np.fft.fft(x)
    freq = np.fft.fftfreq(x.size, 1.0 / rate_hz)
    spectrum[(freq < low_hz) | (freq >= high_hz)] = 0.0
    squared = np.abs(2.0 * np.fft.ifft(spectrum)) ** 2
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(x.size) / x.size)
    t = np.arange(x.size) / rate_hz
    return (
        2.0
        * abs(np.sum((squared - squared.mean()) * window * np.exp(-2j * np.pi * alpha_hz * t)))
        / (window.sum() * squared.mean())
    )
