"""The waveform sensor chain: one pass for each stage over a block, in their fixed order."""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import philox_normal, philox_uniform


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


@kernel
def look_back(line, now, late, drift, lost, resync, moved, out):
    """Read `line` late: out[i] is its value `late + lost + moved[i]` samples before sample `now + i`.

    line float64[now + n] : the past and the block · drift : samples lost per sample; `lost` falls back to 0 at
        `resync` · cubic through the four nearest samples, exact on a sample. Returns what is lost at the end.
    """
    for i in range(out.shape[0]):
        lost += drift
        if abs(lost) >= resync:
            lost = 0.0
        back = min(max(late + lost + moved[i], 0.0), now - 3.0)
        at = now + i - back
        k = math.floor(at)
        u = at - k
        if u == 0.0:
            out[i] = line[k]
        elif k + 2 >= line.shape[0] or k < 1:
            out[i] = line[k] + u * (line[min(k + 1, line.shape[0] - 1)] - line[k])
        else:
            a, b, c, d = line[k - 1], line[k], line[k + 1], line[k + 2]
            out[i] = (
                -a * u * (u - 1.0) * (u - 2.0) / 6.0
                + b * (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0
                - c * (u + 1.0) * u * (u - 2.0) / 2.0
                + d * (u + 1.0) * u * (u - 1.0) / 6.0
            )
    return lost


@kernel
def add_spikes(x, n0, chance, size, when0, when1, how0, how1):
    """Add spikes in place: each sample has `chance` of one, with a Laplace amplitude of scale `size`."""
    for i in range(x.shape[0]):
        if philox_uniform(when0, when1, n0 + i) < chance:
            v = philox_uniform(how0, how1, n0 + i) - 0.5
            away = -size * math.log(1.0 - 2.0 * abs(v))
            x[i] += away if v > 0.0 else -away


@kernel
def loose_mount(x, contact, lifted, preload, spring, state, out):
    """Pass the acceleration `x` of a base through a spring that lets go, to what the sensor on it feels, in `out`.

    w'' + 2ζω w' + ω² g(w) = −ω² a, felt −g(w): below `preload` [m/s²] g(w) = w, the mounted resonance; beyond, lifted,
    the spring is `spring` times as stiff and the sensor rattles. contact, lifted float64[6] : exact propagators over
    an eighth of a sample (2×2 row by row, then the two input gains) of each branch · state float64[6] : w, w', the
    last four inputs. One sample late, for the cubic between inputs.
    """
    parts = 8
    w, v = state[0], state[1]
    a, b, c, d = state[2], state[3], state[4], state[5]
    for i in range(x.shape[0]):
        a, b, c, d = b, c, d, x[i]
        felt = 0.0
        for k in range(parts):
            u = (k + 0.5) / parts
            base = (
                -a * u * (u - 1.0) * (u - 2.0) / 6.0
                + b * (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0
                - c * (u + 1.0) * u * (u - 2.0) / 2.0
                + d * (u + 1.0) * u * (u - 1.0) / 6.0
            )
            if w < -preload:
                drive = (1.0 - spring) * preload - base
                w, v = (
                    lifted[0] * w + lifted[1] * v + lifted[4] * drive,
                    lifted[2] * w + lifted[3] * v + lifted[5] * drive,
                )
            else:
                w, v = (
                    contact[0] * w + contact[1] * v - contact[4] * base,
                    contact[2] * w + contact[3] * v - contact[5] * base,
                )
        felt = -w if w >= -preload else preload - spring * (w + preload)
        out[i] = felt
    state[0], state[1] = w, v
    state[2], state[3], state[4], state[5] = a, b, c, d
