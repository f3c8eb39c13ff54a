"""Segments made ready for the FFT, and their periodograms summed."""

import numpy as np

from twin.dsp.kernel import kernel

# stats, one row per channel: 0 segments used, 1 segments skipped, 2 sum of weights, 3 variance of the weighted
# sum (in units of one segment's), 4.. weights of the latest segments, newest first (0 when skipped)


@kernel
def take_segments(x, first, count, hop, window, detrend, out, good):
    """Row r gets segment number first + r, counted channel by channel, `count` a channel: trend off, windowed.

    x float64[channels, n]; detrend 0 none, 1 mean, 2 straight line; a segment with a reading that is not
    finite becomes zeros and good[r] 0.
    """
    n = window.shape[0]
    middle = 0.5 * (n - 1)
    for r in range(out.shape[0]):
        channel = (first + r) // count
        start = ((first + r) % count) * hop
        # four sums side by side: one would wait for itself at every addition
        s0 = 0.0
        s1 = 0.0
        s2 = 0.0
        s3 = 0.0
        for i in range(0, n - 3, 4):
            s0 += x[channel, start + i]
            s1 += x[channel, start + i + 1]
            s2 += x[channel, start + i + 2]
            s3 += x[channel, start + i + 3]
        for i in range(n - n % 4, n):
            s0 += x[channel, start + i]
        total = (s0 + s1) + (s2 + s3)
        if not np.isfinite(total):
            good[r] = 0
            out[r, :] = 0.0
            continue
        good[r] = 1
        mean = total / n if detrend > 0 else 0.0
        slope = 0.0
        if detrend == 2:
            s0 = 0.0
            s1 = 0.0
            s2 = 0.0
            s3 = 0.0
            for i in range(0, n - 3, 4):
                s0 += (i - middle) * x[channel, start + i]
                s1 += (i + 1 - middle) * x[channel, start + i + 1]
                s2 += (i + 2 - middle) * x[channel, start + i + 2]
                s3 += (i + 3 - middle) * x[channel, start + i + 3]
            for i in range(n - n % 4, n):
                s0 += (i - middle) * x[channel, start + i]
            slope = ((s0 + s1) + (s2 + s3)) / (n * (float(n) * n - 1.0) / 12.0)
            for i in range(n):
                out[r, i] = (x[channel, start + i] - mean - slope * (i - middle)) * window[i]
        else:
            for i in range(n):
                out[r, i] = (x[channel, start + i] - mean) * window[i]


@kernel
def slide(pending, hop):
    """Move what stands `hop` or more samples in to the front of each row; numpy would copy it first."""
    for c in range(pending.shape[0]):
        for i in range(pending.shape[1] - hop):
            pending[c, i] = pending[c, i + hop]


@kernel
def _count(stats, used, keep, rho):
    """Weights after one more segment: the older ones times keep (Welch 1967 eq. 10 with weights)."""
    lags = rho.shape[0]
    if used == 0:
        stats[1] += 1.0
    else:
        stats[0] += 1.0
        stats[2] = keep * stats[2] + 1.0
        shared = 1.0
        for m in range(lags):
            stats[4 + m] *= keep
            shared += 2.0 * rho[m] * stats[4 + m]
        stats[3] = keep * keep * stats[3] + shared
    for m in range(lags - 1, 0, -1):
        stats[4 + m] = stats[3 + m]
    if lags > 0:
        stats[4] = float(used)


@kernel
def add_power(spectrum, good, first, count, keep, rho, power, stats):
    """Power of row r, segment number first + r, joins its channel's sum, which is first multiplied by keep."""
    for r in range(spectrum.shape[0]):
        channel = (first + r) // count
        if good[r] == 1:
            for k in range(spectrum.shape[1]):
                value = spectrum[r, k]
                power[channel, k] = keep * power[channel, k] + (value.real * value.real + value.imag * value.imag)
        _count(stats[channel], good[r], keep, rho)


@kernel
def add_cross(left, right, good, first, count, rho, left_power, right_power, cross, stats):
    """Powers and conj(left) * right of row r join their channel's sums."""
    for r in range(left.shape[0]):
        channel = (first + r) // count
        if good[r] == 1:
            for k in range(left.shape[1]):
                a = left[r, k]
                b = right[r, k]
                left_power[channel, k] += a.real * a.real + a.imag * a.imag
                right_power[channel, k] += b.real * b.real + b.imag * b.imag
                cross[channel, k] += complex(a.real * b.real + a.imag * b.imag, a.real * b.imag - a.imag * b.real)
        _count(stats[channel], good[r], 1.0, rho)


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    x = np.zeros((1, 4))
    good = np.ones(1, np.int64)
    window = np.ones(4)
    window.flags.writeable = False
    line = np.zeros((1, 3), np.complex128)
    rho = np.ones(1)
    return [
        ("take_segments", lambda: take_segments(x, 0, 1, 2, window, 1, np.zeros((1, 4)), good)),
        ("slide", lambda: slide(x, 2)),
        ("add_power", lambda: add_power(line, good, 0, 1, 1.0, rho, np.zeros((1, 3)), np.zeros((1, 5)))),
        (
            "add_cross",
            lambda: add_cross(
                line, line, good, 0, 1, rho, np.zeros((1, 3)), np.zeros((1, 3)), line.copy(), np.zeros((1, 5))
            ),
        ),
    ]
