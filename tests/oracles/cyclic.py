"""Slow, obvious counterparts of separation and cyclic analysis, written from the papers."""

import numpy as np


def normalised_lms(x, taps, delay, step):
    """Haykin, Adaptive Filter Theory, ch. 6: predict x[n] from x[n-delay] … x[n-delay-taps+1]."""
    weights = np.zeros(taps)
    predicted = np.zeros(x.size)
    for n in range(x.size):
        past = np.array([x[n - delay - j] if n - delay - j >= 0 else 0.0 for j in range(taps)])
        predicted[n] = weights @ past
        if past @ past > 0.0:
            weights = weights + step * (x[n] - predicted[n]) * past / (past @ past)
    return predicted


def predicted_by_blocks(x, segment, lag):
    """Deterministic part of the inner samples: H from all pairs of blocks, each block predicted and added up."""
    hop = segment // 4
    window = np.sin(np.pi * np.arange(segment) / segment) ** 2
    starts = range(0, x.size - segment + 1, hop)
    blocks = {s: np.fft.fft(window * x[s : s + segment]) for s in starts}
    pairs = [(blocks[s], blocks[s + lag]) for s in starts if s + lag in blocks]
    h = sum(v * np.conj(u) for u, v in pairs) / sum(np.abs(u) ** 2 for u, _ in pairs)
    out, weight = np.zeros(x.size), np.zeros(x.size)
    for s in starts:
        if s + lag in blocks:
            out[s + lag : s + lag + segment] += window * np.fft.ifft(h * blocks[s]).real
            weight[s + lag : s + lag + segment] += window**2
    return out, weight


def cyclic_coherence(x, rate_hz, alpha_hz, segment, hop):
    """Averaged cyclic periodogram as a plain double sum over time, frequency by frequency."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(segment) / segment)
    bins = segment // 2 + 1
    upper, lower, cross = np.zeros(bins), np.zeros(bins), np.zeros(bins, dtype=complex)
    for start in range(0, x.size - segment + 1, hop):
        t = np.arange(start, start + segment) / rate_hz
        for k in range(bins):
            f = k * rate_hz / segment
            high = sum(window * x[start : start + segment] * np.exp(-2j * np.pi * f * t))
            low = sum(window * x[start : start + segment] * np.exp(-2j * np.pi * (f - alpha_hz) * t))
            cross[k] += high * np.conj(low)
            upper[k] += abs(high) ** 2
            lower[k] += abs(low) ** 2
    return cross / np.sqrt(upper * lower)
