"""The same work as `lanes` for a channel that has no neighbours: consecutive samples stand side by side instead.

Only the recursion stays one sample after the other. A tile is float32[1 + 64], its first element the last sample
of the tile before.
"""

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import (
    LANES,
    fma,
    fma1,
    hmax,
    hmin,
    hsum,
    load,
    lower,
    pick_eq,
    pick_lt,
    splat,
    store,
    upper,
    vabs,
    vsqrt,
)

QUIET = 1e-30
"""Below this a state is silence, see `lanes`."""


@kernel
def solo_unit_biquads(c, state, gain, x, first, n, mid, out):
    """Run five sections at once over gain * x[first : first + n] into out[0:n]; mid[0:n] gets what the first gives.

    c : float64[15], b1 -a1 -a2 of each section, whose b0 and b2 are 1; state : float64[10]. In one pass the five
    feedback loops overlap, so five sections take hardly longer than one. A section 0, 0, -1 changes nothing.
    """
    p0, p1, q0, q1, r0 = state[0], state[1], state[2], state[3], state[4]
    r1, s0, s1, t0, t1 = state[5], state[6], state[7], state[8], state[9]
    for i in range(n):
        v = gain * np.float64(x[first + i])
        w = v + p0
        p0 = fma1(c[1], w, fma1(c[0], v, p1))
        p1 = fma1(c[2], w, v)
        mid[i] = w
        v = w + q0
        q0 = fma1(c[4], v, fma1(c[3], w, q1))
        q1 = fma1(c[5], v, w)
        w = v + r0
        r0 = fma1(c[7], w, fma1(c[6], v, r1))
        r1 = fma1(c[8], w, v)
        v = w + s0
        s0 = fma1(c[10], v, fma1(c[9], w, s1))
        s1 = fma1(c[11], v, w)
        w = v + t0
        t0 = fma1(c[13], w, fma1(c[12], v, t1))
        t1 = fma1(c[14], w, v)
        out[i] = w
    state[0], state[1], state[2], state[3], state[4] = p0, p1, q0, q1, r0
    state[5], state[6], state[7], state[8], state[9] = r1, s0, s1, t0, t1
    for k in range(10):
        if abs(state[k]) < QUIET:
            state[k] = 0.0


@kernel
def solo_power(c, state, tile, n):
    """Sum of the squares of tile[1 : n + 1] filtered in float64; c : float64[sections * 5], b0 b1 b2 -a1 -a2."""
    total = 0.0
    for i in range(n):
        y = np.float64(tile[1 + i])
        for s in range(c.shape[0] // 5):
            x = y
            y = fma1(c[5 * s], x, state[2 * s])
            state[2 * s] = fma1(c[5 * s + 3], y, fma1(c[5 * s + 1], x, state[2 * s + 1]))
            state[2 * s + 1] = fma1(c[5 * s + 4], y, c[5 * s + 2] * x)
        total = fma1(y, y, total)
    return total


@kernel
def solo_inspect(tile, n, watch):
    """Like `lane_inspect`: tile[1 : n + 1] is cleaned in place, tile[0] is the last good sample before it.

    watch : float32[5]: bad samples, smallest, largest, pairs resting on the smallest, on the largest.
    """
    whole = n // LANES
    low = splat(np.float32(np.inf))
    high = splat(np.float32(-np.inf))
    doubt = splat(np.float32(0.0))
    for k in range(whole):
        v = load(tile, 1 + LANES * k)
        doubt = doubt + (v - v)
        low = lower(v, low)
        high = upper(v, high)
    finite = hsum(doubt) == 0.0
    for i in range(LANES * whole, n):
        finite = finite and tile[1 + i] - tile[1 + i] == 0.0
    least = np.float32(np.inf)
    most = np.float32(-np.inf)
    if finite:
        least = hmin(low)
        most = hmax(high)
        for i in range(LANES * whole, n):
            least = min(least, tile[1 + i])
            most = max(most, tile[1 + i])
    else:
        for i in range(n):
            value = tile[1 + i]
            if value - value == 0.0:
                least = min(least, value)
                most = max(most, value)
            else:
                watch[0] += np.float32(1.0)
                tile[1 + i] = tile[i]
    if least < watch[1]:
        watch[1] = least
        watch[3] = np.float32(0.0)
    if most > watch[2]:
        watch[2] = most
        watch[4] = np.float32(0.0)
    one = splat(np.float32(1.0))
    none = splat(np.float32(0.0))
    bottom = splat(watch[1])
    top = splat(watch[2])
    resting_low = none
    resting_high = none
    for k in range(whole):
        v = load(tile, 1 + LANES * k)
        again = pick_eq(v, load(tile, LANES * k), one, none)
        resting_low = resting_low + pick_eq(v, bottom, again, none)
        resting_high = resting_high + pick_eq(v, top, again, none)
    watch[3] += hsum(resting_low)
    watch[4] += hsum(resting_high)
    for i in range(LANES * whole, n):
        if tile[1 + i] == tile[i]:
            if tile[1 + i] == watch[1]:
                watch[3] += np.float32(1.0)
            if tile[1 + i] == watch[2]:
                watch[4] += np.float32(1.0)


@kernel
def solo_features(tile, n, sums, extremes):
    """Add tile[1 : n + 1] to sums : float64[7 * 16] and extremes : float32[2 * 16], as `lane_features` does."""
    zero = splat(np.float32(0.0))
    one = splat(np.float32(1.0))
    s1, s2, s3, s4, sa, sr, crossings = zero, zero, zero, zero, zero, zero, zero
    least = load(extremes, 0)
    most = load(extremes, 16)
    whole = n // LANES
    for k in range(whole):
        x = load(tile, 1 + LANES * k)
        square = x * x
        size = vabs(x)
        s1 = s1 + x
        s2 = s2 + square
        s3 = fma(x, square, s3)
        s4 = fma(square, square, s4)
        sa = sa + size
        sr = sr + vsqrt(size)
        least = lower(x, least)
        most = upper(x, most)
        crossings = crossings + vabs(pick_lt(x, zero, one, zero) - pick_lt(load(tile, LANES * k), zero, one, zero))
    store(extremes, 0, least)
    store(extremes, 16, most)
    columns = (s1, s2, s3, s4, sa, sr, crossings)
    for c in range(7):
        sums[16 * c] += np.float64(hsum(columns[c]))
    for i in range(LANES * whole, n):
        x = np.float64(tile[1 + i])
        sums[0] += x
        sums[16] += x * x
        sums[32] += x * x * x
        sums[48] += x * x * x * x
        sums[64] += abs(x)
        sums[80] += np.sqrt(abs(x))
        if (tile[1 + i] < 0.0) != (tile[i] < 0.0):
            sums[96] += 1.0
        extremes[0] = min(extremes[0], tile[1 + i])
        extremes[16] = max(extremes[16], tile[1 + i])


@kernel
def solo_envelope(taps, history, x, n, skip, factor, out, at):
    """Like `lane_envelope` for one channel: x[0:n] joins history, squared magnitudes go to out[at …].

    taps : float32[2 * count], real then imaginary part, oldest sample first, count a multiple of 16;
    history : float32[count - 1 + 64].
    """
    count = taps.shape[0] // 2
    for i in range(n):
        history[count - 1 + i] = x[i]
    kept = 0
    i = skip
    while i < n:
        v = load(history, i)
        re = load(taps, 0) * v
        im = load(taps, count) * v
        for k in range(LANES, count, LANES):
            v = load(history, i + k)
            re = fma(load(taps, k), v, re)
            im = fma(load(taps, count + k), v, im)
        a = hsum(re)
        b = hsum(im)
        out[at + kept] = a * a + b * b
        kept += 1
        i += factor
    for i in range(count - 1):
        history[i] = history[i + n]
    return kept


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""

    def line(n):
        return np.zeros(n, np.float32)

    return [
        (
            "solo_unit_biquads",
            lambda: solo_unit_biquads(np.zeros(15), np.zeros(10), 1.0, line(65), 1, 64, line(64), line(64)),
        ),
        ("solo_power", lambda: solo_power(np.zeros(10), np.zeros(4), line(65), 64)),
        ("solo_inspect", lambda: solo_inspect(line(65), 64, line(5))),
        ("solo_features", lambda: solo_features(line(65), 64, np.zeros(112), line(32))),
        ("solo_envelope", lambda: solo_envelope(line(32), line(79), line(64), 64, 0, 8, line(8), 0)),
    ]
