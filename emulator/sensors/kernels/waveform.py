"""The waveform sensor chain: one pass for each stage over a block, in their fixed order."""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import philox_normal


@kernel
def fir(history, x, taps, out):
    """Filter `x` with `taps` into `out`; `history` float64[taps-1] holds the samples before.

    Taps outside, samples inside: each sample sums its taps in the same order however the samples are cut.
    Four taps a pass spare three loads and stores out of four (63 taps: 2× over one tap a pass).
    """
    m = history.shape[0]
    n = x.shape[0]
    line = np.empty(m + n)
    line[:m] = history
    line[m:] = x
    out[:] = 0.0
    fours = taps.shape[0] // 4 * 4
    for k in range(0, fours, 4):
        t0, t1, t2, t3 = taps[k], taps[k + 1], taps[k + 2], taps[k + 3]
        start = m - k
        for i in range(n):
            j = start + i
            out[i] += (t0 * line[j] + t1 * line[j - 1]) + (t2 * line[j - 2] + t3 * line[j - 3])
    for k in range(fours, taps.shape[0]):
        tap = taps[k]
        start = m - k
        for i in range(n):
            out[i] += tap * line[start + i]
    history[:] = line[n:]


@kernel
def amplifier(x, frozen, a, b, gain, offset, drift_rate, walk, dt, n0, walk0, walk1, state):
    """High-pass (bilinear one-pole), gain, offset and drift, in place; a frozen element holds its last value.

    state float64[5] : last input, last high-passed, drift, random walk, held element value (NaN first:
        settled)
    """
    for i in range(x.shape[0]):
        now = state[0] if frozen == 1 and not math.isnan(state[0]) else x[i]
        if math.isnan(state[0]):
            state[0] = now
            state[1] = now
        state[1] = a * state[1] + b * (now - state[0])
        state[0] = now
        value = state[1] * gain + offset
        if drift_rate == 0.0 and walk == 0.0:
            state[2] = state[3] = 0.0
        else:
            state[2] += drift_rate * dt
            if walk != 0.0:
                state[3] += walk * math.sqrt(dt) * philox_normal(walk0, walk1, n0 + i)
            value += state[2] + state[3]
        x[i] = value


@kernel
def add_noise(x, n0, white, normal, mask, decay, drive, keys, state, gain):
    """Add white and 1/f noise in place.

    white : standard deviation per sample · normal float64[n] its draws · state float64[p] of the 1/f poles
    mask int64[p] : a pole moves at samples with n & mask == 0 (power-of-two grids, absolute, so chunks agree)
    decay, drive float64[p] · keys int64[p, 2]
    """
    poles = mask.shape[0]
    total = 0.0
    for p in range(poles):
        total += state[p]
    for i in range(x.shape[0]):
        n = n0 + i
        # masks are nested: if the fastest pole rests, all do
        if poles > 0 and n & mask[poles - 1] == 0:
            for p in range(poles):
                if n & mask[p] == 0:
                    draw = philox_normal(keys[p, 0], keys[p, 1], n // (mask[p] + 1))
                    state[p] = decay[p] * state[p] + drive[p] * draw
            total = 0.0
            for p in range(poles):
                total += state[p]
        x[i] += gain * (white * normal[i] + total)


@kernel
def digitise(x, slope, jitter, n0, jitter0, jitter1, limit, overload, rest, full_scale, step, state, out):
    """Sample clock jitter, limits with slow recovery, quantiser, float32.

    slope float64[n] : derivative of x, used if jitter > 0 [s] · overload, rest : part of the excess that
        the amplifier
    keeps, and its decay per sample · state float64[1] : what it keeps · step 0: no quantiser
    """
    for i in range(x.shape[0]):
        value = x[i]
        if jitter > 0.0:
            value += slope[i] * jitter * philox_normal(jitter0, jitter1, n0 + i)
        value -= state[0]
        clipped = min(max(value, -limit), limit)
        state[0] = rest * state[0] + overload * (value - clipped)
        if step > 0.0:
            clipped = min(max(step * np.rint(clipped / step), -full_scale), full_scale - step)
        out[i] = clipped
