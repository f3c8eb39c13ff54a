"""Time to shaft angle: resampling on equal angles, and amplitudes of shaft orders."""

import numpy as np

from twin.dsp.kernel import kernel


@kernel
def angular_resample(x, revs, step, out):
    """Sample x at shaft angles 0, step, 2 step … [rev]; revs[i] is the angle of x[i] and must not fall.

    Four-point Catmull-Rom in time around each crossing; returns how many values of out were filled.
    """
    n = x.shape[0]
    j = 0
    filled = 0
    for k in range(out.shape[0]):
        angle = k * step
        while j < n - 2 and revs[j + 1] < angle:
            j += 1
        if revs[j + 1] < angle:
            break
        width = revs[j + 1] - revs[j]
        u = 0.0 if width <= 0.0 else (angle - revs[j]) / width
        p1 = x[j]
        p2 = x[j + 1]
        p0 = x[j - 1] if j > 0 else p1
        p3 = x[j + 2] if j + 2 < n else p2
        a = 2.0 * p1
        b = p2 - p0
        c = 2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3
        d = -p0 + 3.0 * p1 - 3.0 * p2 + p3
        out[k] = 0.5 * (a + u * (b + u * (c + u * d)))
        filled += 1
    return filled


@kernel
def order_amplitudes(x, window, revs, orders, out):
    """Amplitude of each shaft order by projection on exp(-j 2π order angle) under the given window."""
    for m in range(orders.shape[0]):
        re = 0.0
        im = 0.0
        total = 0.0
        for i in range(x.shape[0]):
            angle = 2.0 * np.pi * orders[m] * revs[i]
            weighted = x[i] * window[i]
            re += weighted * np.cos(angle)
            im -= weighted * np.sin(angle)
            total += window[i]
        out[m] = 2.0 * np.sqrt(re * re + im * im) / total


@kernel
def revolutions(speed_hz, rate_hz, out):
    """Shaft angle [rev] at every sample of a speed track, from zero; trapezoidal."""
    angle = 0.0
    half = 0.5 / rate_hz
    out[0] = 0.0
    for i in range(1, speed_hz.shape[0]):
        angle += half * (speed_hz[i - 1] + speed_hz[i])
        out[i] = angle


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    line = np.linspace(0.0, 1.0, 16)
    window = line.copy()
    window.flags.writeable = False
    return [
        ("angular_resample", lambda: angular_resample(line, line, 0.1, np.empty(8))),
        ("order_amplitudes", lambda: order_amplitudes(line, window, line, np.ones(2), np.empty(2))),
        ("revolutions", lambda: revolutions(line, 10.0, np.empty(16))),
    ]
