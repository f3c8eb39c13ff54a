"""Samples at equal shaft angles by a Kaiser-windowed sinc, block after block."""

import numpy as np

from twin.dsp.kernel import kernel

# A row of the table has 2·half taps, half a multiple of 4; row p is the filter for the fraction p/phases of a sample.


@kernel
def sinc_to_angle(x, revs, start, first, step, table, prototype, widest, final, weights, out):
    """Sample x : float64[n, channels] at the angles first·step, (first+1)·step … [rev]; revs[i] is that of x[i].

    `start` is the sample from which to look; returns (outputs filled, sample where to go on). An output that
    needs samples after the last waits for them, unless `final`: then the last sample is held. Every number is
    taken relative to the sample before the angle, so it does not matter where the buffer was cut.
    Where one output spans more than one sample the filter is stretched as much (anti-alias); beyond `widest`
    the output is NaN. weights : float64[2·half·widest + 4] is scratch.
    """
    n = revs.shape[0]
    channels = x.shape[1]
    flat = x.reshape(-1)
    taps = table.shape[1]
    half = taps // 2
    phases = table.shape[0] - 1
    j = start
    filled = 0
    for k in range(out.shape[0]):
        angle = (first + k) * step
        while j < n - 2 and revs[j + 1] < angle:
            j += 1
        if revs[j + 1] < angle:
            break
        turned = revs[j + 1] - revs[j]
        u = (angle - revs[j]) / turned if turned > 0.0 else 0.0
        span = step / turned if turned > 0.0 else np.inf
        if span > widest:
            if not final and j + half >= n:
                break
            for c in range(channels):
                out[k, c] = np.nan
            filled += 1
            continue
        reach = half
        if span > 1.0:
            reach = int(np.ceil(half * span))
        if j + reach >= n and not final:
            break
        whole = u * phases
        row = min(int(whole), phases - 1)
        part = whole - row
        count = 2 * reach
        low = j + 1 - reach
        if span <= 1.0:
            for t in range(taps):
                weights[t] = table[row, t] + part * (table[row + 1, t] - table[row, t])
        else:
            # Smith & Gossett 1984: read the same windowed sinc at steps of 1/span, then bring its sum to 1
            # the prototype is at steps of 1/phases from -half, and ends in zeros
            stride = phases / span
            place = half * phases + (u + (reach - 1)) * stride
            total = 0.0
            for t in range(count):
                at = min(max(place - t * stride, 0.0), half * 2.0 * phases)
                cell = int(at)
                weight = prototype[cell] + (at - cell) * (prototype[cell + 1] - prototype[cell])
                weights[t] = weight
                total += weight
            total = 1.0 / total
            for t in range(count):
                weights[t] *= total
        if channels == 1 and low >= 0 and j + reach < n:
            # in four lanes: a plain sum would wait for every addition
            a0 = a1 = a2 = a3 = 0.0
            for t in range(0, count - 3, 4):
                a0 += weights[t] * flat[low + t]
                a1 += weights[t + 1] * flat[low + t + 1]
                a2 += weights[t + 2] * flat[low + t + 2]
                a3 += weights[t + 3] * flat[low + t + 3]
            if count % 4:  # count is even
                a0 += weights[count - 2] * flat[low + count - 2]
                a1 += weights[count - 1] * flat[low + count - 1]
            out[k, 0] = (a0 + a1) + (a2 + a3)
            filled += 1
            continue
        for c in range(channels):
            out[k, c] = 0.0
        for t in range(count):
            i = min(max(low + t, 0), n - 1) * channels
            weight = weights[t]
            for c in range(channels):
                out[k, c] += weight * flat[i + c]
        filled += 1
    return filled, j


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    x = np.zeros((32, 1))
    revs = np.linspace(0.0, 1.0, 32)
    table = np.full((5, 8), 0.125)
    line = np.ones(34)
    for constant in (table, line):
        constant.flags.writeable = False
    return [
        (
            "sinc_to_angle",
            lambda: sinc_to_angle(x, revs, 0, 0, 0.1, table, line, 4.0, True, np.empty(36), np.empty((8, 1))),
        )
    ]
