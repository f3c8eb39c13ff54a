"""One vibration channel, slowly: closed forms in float64, from the equations and not from the kernels."""

import numpy as np
from scipy.signal import lfilter


def words(c0, c1, k0, k1):
    """pcg4d of Jarzynski & Olano 2020, as printed: v = v·1664525 + 1013904223, mix, v ^= v >> 16, mix."""
    v = [np.asarray(x, np.uint64) for x in np.broadcast_arrays(c0, c1, k0, k1)]
    mask = np.uint64(0xFFFFFFFF)

    def mix(v):
        for a, b, c in ((0, 1, 3), (1, 2, 0), (2, 0, 1), (3, 1, 2)):
            v[a] = (v[a] + v[b] * v[c]) & mask
        return v

    v = mix([(x * np.uint64(1664525) + np.uint64(1013904223)) & mask for x in v])
    return mix([x ^ (x >> np.uint64(16)) for x in v])


def normals(block, purpose, key0, key1):
    """Four normals a block, float64[4, n]."""
    block = np.asarray(block, np.uint64)
    high = ((block >> np.uint64(32)) & np.uint64(0xFFFFFF)) | np.uint64(purpose << 24)
    w = words(block & np.uint64(0xFFFFFFFF), high, key0, key1)
    out = []
    for a, b in ((w[0], w[1]), (w[2], w[3])):
        u = ((a >> np.uint64(1)) | np.uint64(1)).astype(float) * 2.0**-31
        turns = (b >> np.uint64(8)).astype(float) * 2.0**-24 - 0.5
        radius = np.sqrt(-2.0 * np.log(u))
        out += [radius * np.cos(2 * np.pi * turns), radius * np.sin(2 * np.pi * turns)]
    return np.array(out)


def both_noises(n, key0, key1):
    """(background, electronics) of samples n, two samples a block."""
    four = normals(n >> 1, 0, key0, key1)
    odd = n & 1
    return np.where(odd, four[1], four[0]), np.where(odd, four[3], four[2])


def rung(hz, damping, mass, tau, t):
    """Acceleration after a unit impulse of shape (t/τ²)e^{−t/τ} through Σ (s²/m)/(s²+2ζωs+ω²), at times t ≥ 0."""
    y = np.zeros_like(t)
    on = t >= 0
    for f, z, m in zip(hz, damping, mass, strict=True):
        w, a = 2 * np.pi * f, 1 / tau
        p = complex(-z * w, w * np.sqrt(1 - z * z))
        residue = p**2 * a**2 / (m * (p - p.conjugate()) * (p + a) ** 2)
        y[on] += 2 * (residue * np.exp(p * t[on])).real

        def rest(s, w=w, z=z, m=m, a=a):
            return a**2 / m * s**2 / (s**2 + 2 * z * w * s + w**2)

        step = 1e-5 * a
        slope = (rest(-a + step) - rest(-a - step)) / (2 * step)
        y[on] += (slope + rest(-a) * t[on]) * np.exp(-a * t[on])
    return y


def orders(turns, omega, rated, hz, damping, mass, line, standing, growing):
    """Σ_k Re{(line + H(jkω)·F)·e^{jkθ}} at samples with their own speed."""
    y = np.zeros_like(turns)
    for k, (l, s, g) in enumerate(zip(line, standing, growing, strict=True), 1):
        big = 1j * k * omega
        h = sum(
            big**2 / m / (big**2 + 2 * z * (w := 2 * np.pi * f) * big + w**2)
            for f, z, m in zip(hz, damping, mass, strict=True)
        )
        y += ((l + h * (s + g * (omega / rated) ** 2)) * np.exp(2j * np.pi * k * turns)).real
    return y


def symmetric(taps, x):
    """What the sample half the taps ago has become; nothing came before."""
    return np.convolve(x, taps)[: x.size]


def high_pass(x, tau, rate):
    q = 2 * tau * rate
    return lfilter([q / (q + 1), -q / (q + 1)], [1, -(q - 1) / (q + 1)], x)


def flicker(n, poles, key0, key1):
    """Unit-density 1/f noise at samples 0 … n-1: poles fastest first, four a block."""
    mask, decay, drive = poles.mask[::-1], poles.decay[::-1], poles.drive[::-1]
    state, out = np.zeros(mask.size), np.zeros(n)
    for i in range(n):
        for p in range(mask.size):
            if i & mask[p] == 0:
                first = p // 4 * 4
                draw = normals(i // (mask[first] + 1), 16 + first, key0, key1)[p % 4]
                state[p] = decay[p] * state[p] + drive[p] * draw
        out[i] = state.sum()
    return out


def overload(x, limit, constant):
    """Clipping by an amplifier that keeps a share of the excess and forgets it slowly."""
    kept, out = 0.0, np.empty_like(x)
    for i, value in enumerate(x):
        out[i] = np.clip(value - kept, -limit, limit)
        kept += constant * (value - kept - out[i] - kept)
    return out
