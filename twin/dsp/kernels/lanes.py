"""Filters and features of sixteen channels at once, on tiles of samples held in the first-level cache.

A tile is flat: sample i of lane c stands at tile[16 * i + c].
"""

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import (
    LANES,
    fma,
    hmax,
    load,
    lower,
    narrow,
    pick_eq,
    pick_lt,
    splat,
    store,
    upper,
    vabs,
    vsqrt,
    widen,
)

QUIET = 1e-30
"""Below this a state is silence; it would fade through numbers so small that processors slow down on them."""


@kernel
def _awake(state, tiny, none):
    return pick_lt(vabs(state), tiny, none, state)


@kernel
def lane_biquads(coefficients, state, tile, n):
    """Filter n samples of a tile in place through every section (direct form II transposed), two at a time.

    coefficients : [sections * 5 * 16], b0 b1 b2 -a1 -a2 of each lane; state : [sections * 2 * 16]. The dtype of
    all three is the precision of the recursion. Two sections in one pass keep both multipliers busy while each
    waits for its own feedback (8 cycles); four would spill registers (tried: 5 % slower).
    """
    sections = coefficients.shape[0] // 80
    s = 0
    while s + 1 < sections:
        b0 = load(coefficients, 80 * s)
        b1 = load(coefficients, 80 * s + 16)
        b2 = load(coefficients, 80 * s + 32)
        a1 = load(coefficients, 80 * s + 48)
        a2 = load(coefficients, 80 * s + 64)
        d0 = load(coefficients, 80 * s + 80)
        d1 = load(coefficients, 80 * s + 96)
        d2 = load(coefficients, 80 * s + 112)
        c1 = load(coefficients, 80 * s + 128)
        c2 = load(coefficients, 80 * s + 144)
        u0 = load(state, 32 * s)
        u1 = load(state, 32 * s + 16)
        v0 = load(state, 32 * s + 32)
        v1 = load(state, 32 * s + 48)
        for i in range(n):
            x = load(tile, LANES * i)
            y = fma(b0, x, u0)
            u0 = fma(a1, y, fma(b1, x, u1))
            u1 = fma(a2, y, b2 * x)
            z = fma(d0, y, v0)
            v0 = fma(c1, z, fma(d1, y, v1))
            v1 = fma(c2, z, d2 * y)
            store(tile, LANES * i, z)
        store(state, 32 * s, u0)
        store(state, 32 * s + 16, u1)
        store(state, 32 * s + 32, v0)
        store(state, 32 * s + 48, v1)
        s += 2
    if s < sections:
        b0 = load(coefficients, 80 * s)
        b1 = load(coefficients, 80 * s + 16)
        b2 = load(coefficients, 80 * s + 32)
        a1 = load(coefficients, 80 * s + 48)
        a2 = load(coefficients, 80 * s + 64)
        u0 = load(state, 32 * s)
        u1 = load(state, 32 * s + 16)
        for i in range(n):
            x = load(tile, LANES * i)
            y = fma(b0, x, u0)
            u0 = fma(a1, y, fma(b1, x, u1))
            u1 = fma(a2, y, b2 * x)
            store(tile, LANES * i, y)
        store(state, 32 * s, u0)
        store(state, 32 * s + 16, u1)


@kernel
def lane_unit_biquads(coefficients, state, tile, n, out, at):
    """Filter n samples of a tile into out[at …] through sections whose zeros lie on the unit circle (b0 = b2 = 1).

    Those of Butterworth, Chebyshev and elliptic designs do: three multiplications instead of five, the gain is
    left to a later stage. coefficients : float32[sections * 3 * 16], b1 -a1 -a2; sections are even in number.
    """
    sections = coefficients.shape[0] // 48
    source = tile
    first = 0
    tiny = splat(np.float32(QUIET))
    none = splat(np.float32(0.0))
    for s in range(0, sections, 2):
        b1 = load(coefficients, 48 * s)
        a1 = load(coefficients, 48 * s + 16)
        a2 = load(coefficients, 48 * s + 32)
        d1 = load(coefficients, 48 * s + 48)
        c1 = load(coefficients, 48 * s + 64)
        c2 = load(coefficients, 48 * s + 80)
        u0 = load(state, 32 * s)
        u1 = load(state, 32 * s + 16)
        v0 = load(state, 32 * s + 32)
        v1 = load(state, 32 * s + 48)
        for i in range(n):
            x = load(source, first + LANES * i)
            y = x + u0
            u0 = fma(a1, y, fma(b1, x, u1))
            u1 = fma(a2, y, x)
            z = y + v0
            v0 = fma(c1, z, fma(d1, y, v1))
            v1 = fma(c2, z, y)
            store(out, at + LANES * i, z)
        store(state, 32 * s, _awake(u0, tiny, none))
        store(state, 32 * s + 16, _awake(u1, tiny, none))
        store(state, 32 * s + 32, _awake(v0, tiny, none))
        store(state, 32 * s + 48, _awake(v1, tiny, none))
        source = out
        first = at


@kernel
def lane_high_pass(coefficients, state, tile, n):
    """One such section in place, float64 inside: poles as near to 1 as those of a high-pass of a few Hz need it.

    coefficients : float64[4 * 16], b0, b1 / b0, -a1, -a2; state : float64[2 * 16]; tile : float32.
    """
    gain = load(coefficients, 0)
    b1 = load(coefficients, 16)
    a1 = load(coefficients, 32)
    a2 = load(coefficients, 48)
    u0 = load(state, 0)
    u1 = load(state, 16)
    for i in range(n):
        x = gain * widen(load(tile, LANES * i))
        y = x + u0
        u0 = fma(a1, y, fma(b1, x, u1))
        u1 = fma(a2, y, x)
        store(tile, LANES * i, narrow(y))
    store(state, 0, _awake(u0, splat(QUIET), splat(0.0)))
    store(state, 16, _awake(u1, splat(QUIET), splat(0.0)))


@kernel
def lane_power_wide(coefficients, state, tile, n, power):
    """Add the squares of the tile's first n samples, filtered in float64 and not kept, to power : float64[16]."""
    sections = coefficients.shape[0] // 80
    total = load(power, 0)
    for i in range(n):
        y = widen(load(tile, LANES * i))
        for s in range(sections):
            x = y
            y = fma(load(coefficients, 80 * s), x, load(state, 32 * s))
            u0 = fma(load(coefficients, 80 * s + 16), x, load(state, 32 * s + 16))
            store(state, 32 * s, fma(load(coefficients, 80 * s + 48), y, u0))
            store(state, 32 * s + 16, fma(load(coefficients, 80 * s + 64), y, load(coefficients, 80 * s + 32) * x))
        total = fma(y, y, total)
    store(power, 0, total)


@kernel
def lane_inspect(tile, n, held, watch):
    """Replace what is no number by the last number of its lane, and note what a signal must not look like.

    held : float32[16] last good sample; watch : float32[5 * 16] per lane: bad samples, smallest, largest, and how
    often two neighbours rested on the smallest and on the largest. Counts are exact up to 2**24 samples.
    """
    one = splat(np.float32(1.0))
    none = splat(np.float32(0.0))
    # Most tiles hold nothing of the kind: numbers only, and none at or beyond the extremes so far.
    doubt = none
    low = splat(np.float32(np.inf))
    high = splat(np.float32(-np.inf))
    for i in range(n):
        x = load(tile, LANES * i)
        doubt = doubt + (x - x)
        low = lower(x, low)
        high = upper(x, high)
    least = load(watch, 16)
    most = load(watch, 32)
    if hmax(pick_eq(doubt, none, none, one)) == 0.0:
        last = load(held, 0)
        store(held, 0, load(tile, LANES * (n - 1)))
        if hmax(pick_lt(least, low, none, one) + pick_lt(high, most, none, one)) > 0.0:
            # How often neighbours rest on an extreme; what rested on an extreme that has been passed does not count.
            rest_low = pick_lt(low, least, none, load(watch, 48))
            rest_high = pick_lt(most, high, none, load(watch, 64))
            least = lower(low, least)
            most = upper(high, most)
            for i in range(n):
                x = load(tile, LANES * i)
                again = pick_eq(x, last, one, none)
                rest_low = rest_low + pick_eq(x, least, again, none)
                rest_high = rest_high + pick_eq(x, most, again, none)
                last = x
            store(watch, 16, least)
            store(watch, 32, most)
            store(watch, 48, rest_low)
            store(watch, 64, rest_high)
        return
    last = load(held, 0)
    bad = load(watch, 0)
    rest_low = load(watch, 48)
    rest_high = load(watch, 64)
    for i in range(n):
        x = load(tile, LANES * i)
        # x - x is 0 for numbers alone: NaN and infinities give NaN
        bad = bad + pick_eq(x - x, none, none, one)
        x = pick_eq(x - x, none, x, last)
        again = pick_eq(x, last, one, none)
        rest_low = pick_lt(x, least, none, rest_low + pick_eq(x, least, again, none))
        rest_high = pick_lt(most, x, none, rest_high + pick_eq(x, most, again, none))
        least = lower(x, least)
        most = upper(x, most)
        last = x
        store(tile, LANES * i, x)
    store(held, 0, last)
    store(watch, 0, bad)
    store(watch, 16, least)
    store(watch, 32, most)
    store(watch, 48, rest_low)
    store(watch, 64, rest_high)


@kernel
def lane_features(tile, n, sums, extremes):
    """Add a tile to its lanes' sums of x, x², x³, x⁴, |x|, sqrt|x| and zero crossings, and to their extremes.

    sums : float64[7 * 16]; extremes : float32[3 * 16]: smallest, largest, whether the last sample was negative.
    Within a tile sums are float32 (64 terms lose no more than the samples' own resolution), across tiles float64.
    """
    zero = splat(np.float32(0.0))
    one = splat(np.float32(1.0))
    s1 = zero
    s2 = zero
    s3 = zero
    s4 = zero
    sa = zero
    sr = zero
    crossings = zero
    least = load(extremes, 0)
    most = load(extremes, 16)
    before = load(extremes, 32)
    for i in range(n):
        x = load(tile, LANES * i)
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
        negative = pick_lt(x, zero, one, zero)
        crossings = crossings + vabs(negative - before)
        before = negative
    store(extremes, 0, least)
    store(extremes, 16, most)
    store(extremes, 32, before)
    store(sums, 0, load(sums, 0) + widen(s1))
    store(sums, 16, load(sums, 16) + widen(s2))
    store(sums, 32, load(sums, 32) + widen(s3))
    store(sums, 48, load(sums, 48) + widen(s4))
    store(sums, 64, load(sums, 64) + widen(sa))
    store(sums, 80, load(sums, 80) + widen(sr))
    store(sums, 96, load(sums, 96) + widen(crossings))


@kernel
def lane_fir(taps, history, n, skip, factor, out, at, stride):
    """Real FIR at every factor-th sample; returns how many outputs there were.

    taps : [count], the same for all lanes, newest sample first; history : [(count - 1 + room) * 16], its rows
    count - 1 … hold the n new samples, those before are the past, and the newest are moved there in the end;
    skip : samples to pass over before the first output, below factor; output m goes to out[at + m * stride : … + 16].
    Four outputs in one pass share the loads of the taps and keep the multipliers busy.
    """
    count = taps.shape[0]
    kept = 0
    i = skip
    hop = LANES * factor
    while i + 3 * factor < n:
        top = LANES * (count - 1 + i)
        t = splat(taps[0])
        a = t * load(history, top)
        b = t * load(history, top + hop)
        c = t * load(history, top + 2 * hop)
        d = t * load(history, top + 3 * hop)
        for k in range(1, count):
            t = splat(taps[k])
            row = top - LANES * k
            a = fma(t, load(history, row), a)
            b = fma(t, load(history, row + hop), b)
            c = fma(t, load(history, row + 2 * hop), c)
            d = fma(t, load(history, row + 3 * hop), d)
        store(out, at + kept * stride, a)
        store(out, at + (kept + 1) * stride, b)
        store(out, at + (kept + 2) * stride, c)
        store(out, at + (kept + 3) * stride, d)
        kept += 4
        i += 4 * factor
    while i < n:
        top = LANES * (count - 1 + i)
        a = splat(taps[0]) * load(history, top)
        for k in range(1, count):
            a = fma(splat(taps[k]), load(history, top - LANES * k), a)
        store(out, at + kept * stride, a)
        kept += 1
        i += factor
    for i in range(count - 1):
        store(history, LANES * i, load(history, LANES * (i + n)))
    return kept


@kernel
def lane_envelope(taps, history, n, skip, factor, out, at, stride):
    """Squared magnitude of a complex FIR at every factor-th sample: band-pass, demodulate, decimate, square.

    taps : float32[count * 2 * 16], real and imaginary part of each lane; history : its rows count - 1 … hold the n
    new samples already; the rest as in `lane_fir`. Two outputs in one pass share the loads of the taps.
    """
    count = taps.shape[0] // (2 * LANES)
    kept = 0
    i = skip
    hop = LANES * factor
    while i + factor < n:
        top = LANES * (count - 1 + i)
        x = load(history, top)
        w = load(history, top + hop)
        t = load(taps, 0)
        u = load(taps, LANES)
        re = t * x
        im = u * x
        re_next = t * w
        im_next = u * w
        for k in range(1, count):
            t = load(taps, 2 * LANES * k)
            u = load(taps, 2 * LANES * k + LANES)
            x = load(history, top - LANES * k)
            w = load(history, top + hop - LANES * k)
            re = fma(t, x, re)
            im = fma(u, x, im)
            re_next = fma(t, w, re_next)
            im_next = fma(u, w, im_next)
        store(out, at + kept * stride, fma(re, re, im * im))
        store(out, at + (kept + 1) * stride, fma(re_next, re_next, im_next * im_next))
        kept += 2
        i += 2 * factor
    if i < n:
        top = LANES * (count - 1 + i)
        x = load(history, top)
        re = load(taps, 0) * x
        im = load(taps, LANES) * x
        for k in range(1, count):
            x = load(history, top - LANES * k)
            re = fma(load(taps, 2 * LANES * k), x, re)
            im = fma(load(taps, 2 * LANES * k + LANES), x, im)
        store(out, at + kept * stride, fma(re, re, im * im))
        kept += 1
    for i in range(count - 1):
        store(history, LANES * i, load(history, LANES * (i + n)))
    return kept


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    one, many = (lambda: np.zeros(80, np.float32)), (lambda: np.zeros(2048, np.float32))
    double = np.zeros(80)
    return [
        ("lane_biquads", lambda: lane_biquads(one(), one(), many(), 2)),
        ("lane_unit_biquads", lambda: lane_unit_biquads(many()[:96], many(), many(), 2, many(), 16)),
        ("lane_high_pass", lambda: lane_high_pass(double, double.copy(), many(), 2)),
        ("lane_power_wide", lambda: lane_power_wide(double, double.copy(), many(), 2, double.copy())),
        ("lane_inspect", lambda: lane_inspect(many(), 2, one(), one())),
        ("lane_features", lambda: lane_features(many(), 2, np.zeros(112), one())),
        ("lane_fir", lambda: lane_fir(many()[:4], many(), 2, 0, 1, many(), 0, 16)),
        ("lane_envelope", lambda: lane_envelope(many()[:64], many(), 2, 0, 1, many(), 0, 16)),
    ]
