"""Stages of vibration and sensor on tiles of sixteen channels: sample i of lane c stands at tile[16 * i + c].

Every stage treats a sample by the same operations in the same order wherever a tile begins, so cuts never show.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.noise import FLICKER, first, four, turn
from emulator.physics.kernels.simd import (
    HALF,
    LANES,
    divide,
    fma,
    fnma,
    load,
    load_half,
    lower,
    narrow,
    pick_lt,
    splat,
    store,
    store_half,
    upper,
    vabs,
    vrint,
)

INV_TWO_PI = 1.0 / (2.0 * math.pi)
PLACES = 8
QUIET = np.float32(1e-30)  # silence; fading through smaller numbers would slow some processors down
ZERO, ONE = np.float32(0.0), np.float32(1.0)
TWO = np.float32(2.0)
ONE_HOT = np.eye(LANES, dtype=np.float32).reshape(-1)


@kernel
def order_gains(omega, speed_ratio, square, damping, inverse_mass, modes, line, force, gain, orders):
    """Write complex order amplitudes at one speed to gain [2 * orders * 16]: lines plus forces through the structure.

    omega float64[16] : shaft speeds [rad/s] · speed_ratio : 1/rated speed · square, damping, inverse_mass
    [modes * 16] : 1/ω_j, 2ζ_j, 1/m_j · line [2 * orders * 16] m/s² · force [4 * orders * 16] : N standing, N at rated
    speed growing with its square, each re, im · the modal sum is Σ (1/m)·(−x²)/(1−x²+j2ζx), x = kω/ω_j (§2.3, §2.4)
    """
    w = narrow(load(omega, 0))
    n = w * load(speed_ratio, 0)
    n2 = n * n
    one = splat(ONE)
    for k in range(orders):
        base = splat(np.float32(k + 1)) * w
        hr, hi = splat(ZERO), splat(ZERO)
        for j in range(modes):
            x = base * load(square, LANES * j)
            x2 = x * x
            real = one - x2
            imag = load(damping, LANES * j) * x
            s = divide(x2 * load(inverse_mass, LANES * j), fma(real, real, imag * imag))
            hr = hr - s * real
            hi = hi + s * imag
        at = 2 * LANES * k
        fr = fma(n2, load(force, 2 * at + 2 * LANES), load(force, 2 * at))
        fi = fma(n2, load(force, 2 * at + 3 * LANES), load(force, 2 * at + LANES))
        store(gain, at, load(line, at) + hr * fr - hi * fi)
        store(gain, at + LANES, load(line, at + LANES) + hr * fi + hi * fr)


@kernel
def _phasor(moment, f, a, b):
    """Return (cos, sin) of turns f + t·(a + t·b), the turns reduced in float64."""
    t = splat(moment)
    turns = fma(t, fma(t, b, a), f)
    return turn(narrow(turns - vrint(turns)))


@kernel
def lane_orders(frac, c1, c2, lead, sample_s, tick_s, since, stride, count, gain, slope, steady, orders, x):
    """Write Σ_k Re(gain_k·e^{jkθ}) to a tile; Horner in e^{jθ}, two samples at once to hide its latency.

    frac, c1, c2 float64[16] : turns = frac + t·(c1 + t·c2), t = lead + (since + i·stride)·sample_s [s] in the tick ·
    slope [like gain] : what the gains change by over the tick; steady 1: nothing.
    """
    f, a, b = load(frac, 0), load(c1, 0), load(c2, 0)
    top = 2 * LANES * (orders - 1)
    for i in range(0, count, 2):
        # of an odd count the last sample is done twice
        second = min(i + 1, count - 1)
        t0, t1 = lead + (since + i * stride) * sample_s, lead + (since + second * stride) * sample_s
        ur, ui = _phasor(t0, f, a, b)
        vr, vi = _phasor(t1, f, a, b)
        if steady:
            re, im = load(gain, top), load(gain, top + LANES)
            pe, pm = re, im
            for k in range(orders - 2, -1, -1):
                gr, gi = load(gain, 2 * LANES * k), load(gain, 2 * LANES * k + LANES)
                re, im = fnma(ui, im, fma(ur, re, gr)), fma(ui, re, fma(ur, im, gi))
                pe, pm = fnma(vi, pm, fma(vr, pe, gr)), fma(vi, pe, fma(vr, pm, gi))
        else:
            w, y = splat(np.float32(t0 / tick_s)), splat(np.float32(t1 / tick_s))
            gr, gi, hr, hi = load(gain, top), load(gain, top + LANES), load(slope, top), load(slope, top + LANES)
            re, im, pe, pm = fma(w, hr, gr), fma(w, hi, gi), fma(y, hr, gr), fma(y, hi, gi)
            for k in range(orders - 2, -1, -1):
                at = 2 * LANES * k
                gr, gi, hr, hi = load(gain, at), load(gain, at + LANES), load(slope, at), load(slope, at + LANES)
                re, im = fnma(ui, im, fma(ur, re, fma(w, hr, gr))), fma(ui, re, fma(ur, im, fma(w, hi, gi)))
                pe, pm = fnma(vi, pm, fma(vr, pe, fma(y, hr, gr))), fma(vi, pe, fma(vr, pm, fma(y, hi, gi)))
        store(x, LANES * i, fnma(ui, im, ur * re))
        store(x, LANES * second, fnma(vi, pm, vr * pe))


@kernel
def _swing(re, im, er, ei):
    """Return a mode's state one sample later; e^{λT}-1 = er + j·ei."""
    return fnma(im, ei, fma(re, er, re)), fma(re, ei, fma(im, er, im))


@kernel
def _pushed(re, im, er, ei, force, place, at):
    """Return a mode's state one sample later, after an impulse on the way that has become place[at …] by then."""
    kick_r, kick_i = force * load(place, at), force * load(place, at + LANES)
    return fma(re, er, re) + fnma(im, ei, kick_r), fma(im, er, im) + fma(re, ei, kick_i)


@kernel
def _struck(value, lane, size):
    """Return the vector with `size` added in one lane; the others keep their bits."""
    return pick_lt(splat(ZERO), load(ONE_HOT, LANES * lane), value + splat(size), value)


@kernel
def _place_of(n):
    """Return where the impulse of the flow before sample n stands among PLACES, as an index into `place`."""
    return 2 * LANES * ((((n & 0xFFFF) * 40503) >> 8) & (PLACES - 1))


@kernel
def _rest(z, re, im, n):
    """Keep a state; what has faded out is silent, at samples divisible by 64."""
    if n & 63 == 0:
        none, quiet = splat(ZERO), splat(QUIET)
        re = pick_lt(vabs(re), quiet, none, re)
        im = pick_lt(vabs(im), quiet, none, im)
    store(z, 0, re)
    store(z, LANES, im)


@kernel
def lane_mode(turning, place, entry, z, level, normal, n0, count, hits, hit_row, hit_lane, hit_r, hit_i, x):
    """Let one structural mode of sixteen channels ring and add it to a tile.

    turning [2 * 16] : e^{λT}-1 (the small difference keeps slow modes exact in float32) · z [2 * 16] state ·
    place [PLACES * 2 * 16] : what a unit impulse of the flow has become, by its place between samples ·
    level [16] : impulse per sample and draw `normal` [count * 16] · entry 1: the flow drives it
    hits : events of this tile: row (sample), lane, and the increments of the state
    """
    er, ei = load(turning, 0), load(turning, LANES)
    re, im = load(z, 0), load(z, LANES)
    flow = load(level, 0)
    event = 0
    i = 0
    while i < count:
        stop = hit_row[event] if event < hits else count
        last = min(stop + 1, count)
        for r in range(i, last):
            if entry:
                force = flow * load(normal, LANES * r)
                re, im = _pushed(re, im, er, ei, force, place, _place_of(n0 + r))
            else:
                re, im = _swing(re, im, er, ei)
            if r < stop:
                store(x, LANES * r, load(x, LANES * r) + re)
        if stop < count:
            while event < hits and hit_row[event] == stop:
                re, im = _struck(re, hit_lane[event], hit_r[event]), _struck(im, hit_lane[event], hit_i[event])
                event += 1
            store(x, LANES * stop, load(x, LANES * stop) + re)
        i = last
    _rest(z, re, im, n0 + count)


@kernel
def lane_two_modes(turning, place, entry, z, level, normal, n0, count, hits, hit_row, hit_lane, hit_r, hit_i, x):
    """Do what `lane_mode` does for two modes, by the same operations: neither has to wait for its own latency.

    Arguments have the mode as another first axis.
    """
    er, ei, fr, fi = load(turning[0], 0), load(turning[0], LANES), load(turning[1], 0), load(turning[1], LANES)
    re, im, pe, pm = load(z[0], 0), load(z[0], LANES), load(z[1], 0), load(z[1], LANES)
    flow = load(level, 0)
    event = 0
    i = 0
    while i < count:
        stop = hit_row[event] if event < hits else count
        last = min(stop + 1, count)
        for r in range(i, last):
            if entry:
                force = flow * load(normal, LANES * r)
                at = _place_of(n0 + r)
                re, im = _pushed(re, im, er, ei, force, place[0], at)
                pe, pm = _pushed(pe, pm, fr, fi, force, place[1], at)
            else:
                re, im = _swing(re, im, er, ei)
                pe, pm = _swing(pe, pm, fr, fi)
            if r < stop:
                store(x, LANES * r, load(x, LANES * r) + re + pe)
        if stop < count:
            while event < hits and hit_row[event] == stop:
                lane = hit_lane[event]
                re, im = _struck(re, lane, hit_r[0, event]), _struck(im, lane, hit_i[0, event])
                pe, pm = _struck(pe, lane, hit_r[1, event]), _struck(pm, lane, hit_i[1, event])
                event += 1
            store(x, LANES * stop, load(x, LANES * stop) + re + pe)
        i = last
    _rest(z[0], re, im, n0 + count)
    _rest(z[1], pe, pm, n0 + count)


@kernel
def lane_contact(
    decay, sample_s, gain, place, entry, s, level, normal, n0, count, hit, hit_row, hit_lane, hit_0, hit_1, x
):  # fmt: skip
    """Add the contact's own part (d0 + d1·t)·e^{−t/τ} of impulses of one kind; arguments as in `lane_mode`.

    hit int64[2] : from, to of its events.

    decay : e^{−T/τ} · gain [2 * 16] : d0, d1 · place float32[PLACES, 2] : e^{−late/τ}, late·e^{−late/τ} · s [2 * 16]
    """
    d, step = splat(decay), splat(sample_s)
    g0, g1 = load(gain, 0), load(gain, LANES)
    a, b = load(s, 0), load(s, LANES)
    flow = load(level, 0)
    event = hit[0]
    for i in range(count):
        b = fma(a, step, b) * d
        a = a * d
        if entry:
            force = flow * load(normal, LANES * i)
            at = _place_of(n0 + i) // (2 * LANES)
            a = fma(force, splat(place[at, 0]), a)
            b = fma(force, splat(place[at, 1]), b)
        while event < hit[1] and hit_row[event] == i:
            a, b = _struck(a, hit_lane[event], hit_0[event]), _struck(b, hit_lane[event], hit_1[event])
            event += 1
        store(x, LANES * i, fma(g0, a, fma(g1, b, load(x, LANES * i))))
    none, quiet = splat(ZERO), splat(QUIET)
    if (n0 + count) & 63 == 0:
        a = pick_lt(vabs(a), quiet, none, a)
        b = pick_lt(vabs(b), quiet * quiet, none, b)
    store(s, 0, a)
    store(s, LANES, b)


@kernel
def lane_fir(taps, half, line, count, out):
    """Filter a line of count + 2·half rows into `out` by symmetric taps [(half + 1) * 16], the middle one first.

    Four samples at once of eight lanes share each tap, and of their rows all but one each side stay in registers.
    """
    for eight in range(0, LANES, HALF):
        middle = load_half(taps, eight)
        i = 0
        while i + 3 < count:
            at = LANES * (i + half) + eight
            p = load_half(line, at)
            q = load_half(line, at + LANES)
            r = load_half(line, at + 2 * LANES)
            s = load_half(line, at + 3 * LANES)
            a, b, c, d = middle * p, middle * q, middle * r, middle * s
            e, f, g, h = p, q, r, s
            left, right = at, at + 3 * LANES
            k = LANES + eight
            for _ in range(half >> 2):  # four taps: the rows change their names and need not move
                t, s, e = load_half(taps, k), load_half(line, left - LANES), load_half(line, right + LANES)
                a, b, c, d = fma(t, s + f, a), fma(t, p + g, b), fma(t, q + h, c), fma(t, r + e, d)
                k, left, right = k + LANES, left - LANES, right + LANES
                t, r, f = load_half(taps, k), load_half(line, left - LANES), load_half(line, right + LANES)
                a, b, c, d = fma(t, r + g, a), fma(t, s + h, b), fma(t, p + e, c), fma(t, q + f, d)
                k, left, right = k + LANES, left - LANES, right + LANES
                t, q, g = load_half(taps, k), load_half(line, left - LANES), load_half(line, right + LANES)
                a, b, c, d = fma(t, q + h, a), fma(t, r + e, b), fma(t, s + f, c), fma(t, p + g, d)
                k, left, right = k + LANES, left - LANES, right + LANES
                t, p, h = load_half(taps, k), load_half(line, left - LANES), load_half(line, right + LANES)
                a, b, c, d = fma(t, p + e, a), fma(t, q + f, b), fma(t, r + g, c), fma(t, s + h, d)
                k, left, right = k + LANES, left - LANES, right + LANES
            for _ in range(half & 3):
                left, right = left - LANES, right + LANES
                p, q, r, s = load_half(line, left), p, q, r
                e, f, g, h = f, g, h, load_half(line, right)
                t = load_half(taps, k)
                a, b, c, d = fma(t, p + e, a), fma(t, q + f, b), fma(t, r + g, c), fma(t, s + h, d)
                k += LANES
            store_half(out, LANES * i + eight, a)
            store_half(out, LANES * i + LANES + eight, b)
            store_half(out, LANES * i + 2 * LANES + eight, c)
            store_half(out, LANES * i + 3 * LANES + eight, d)
            i += 4
        while i < count:
            at = LANES * (i + half) + eight
            a = middle * load_half(line, at)
            for k in range(1, half + 1):
                t = load_half(taps, LANES * k + eight)
                a = fma(t, load_half(line, at - LANES * k) + load_half(line, at + LANES * k), a)
            store_half(out, LANES * i + eight, a)
            i += 1


@kernel
def lane_amplifier(
    constant, gain, offset, white, pink, normal, decay, drive, mask, flicker, key0, key1, state, n0, count, early, x
):  # fmt: skip
    """High-pass (bilinear one-pole), gain, offset, then white and 1/f noise, in place.

    constant : 1 − pole of the high-pass · gain, offset, white, pink [16] : σ per sample of white noise, and the factor
    on the unit 1/f noise · normal [count * 16] · decay, drive float32[p], mask int64[p] : the 1/f poles, fastest
    first; pole p moves at samples with n & mask[p] == 0 · flicker [p * 16] · state [2 * 16] : low-passed, last input ·
    early [count * 16] : room to work in
    """
    c, half = splat(constant), splat(np.float32(0.5))
    g, o, sigma, rosy = load(gain, 0), load(offset, 0), load(white, 0), load(pink, 0)
    slow, last = load(state, 0), load(state, LANES)
    k0, k1 = load(key0, 0), load(key1, 0)
    poles = mask.shape[0]
    total = splat(ZERO)
    for p in range(poles):
        total = total + load(flicker, LANES * p)
    drawn, used = 0, 0
    if poles > 0:  # the fastest pole's draws beforehand: none of them has to wait for the others
        period = mask[0] + 1
        for block in range((n0 + mask[0]) // period, (n0 + count - 1) // period + 1):
            store(early, LANES * drawn, first(block, FLICKER, k0, k1))
            drawn += 1
    for i in range(count):
        n = n0 + i
        if poles > 0 and n & mask[0] == 0:
            total = splat(ZERO)
            for block in range(0, poles, 4):
                if block == 0 and (poles == 1 or n & mask[1] != 0):
                    draw = load(early, LANES * used)
                    store(flicker, 0, fma(splat(decay[0]), load(flicker, 0), splat(drive[0]) * draw))
                elif n & mask[block] == 0:
                    draws = four(n // (mask[block] + 1), FLICKER + block, k0, k1)
                    for q in range(min(4, poles - block)):
                        p = block + q
                        if n & mask[p] == 0:
                            draw = draws[0] if q == 0 else draws[1] if q == 1 else draws[2] if q == 2 else draws[3]
                            at = LANES * p
                            store(flicker, at, fma(splat(decay[p]), load(flicker, at), splat(drive[p]) * draw))
            for p in range(poles):
                total = total + load(flicker, LANES * p)
            used += 1
        now = load(x, LANES * i)
        slow = fma(c, half * (now + last) - slow, slow)
        last = now
        value = fma(now - slow, g, o)
        store(x, LANES * i, value + fma(rosy, total, sigma * load(normal, LANES * i)))
    store(state, 0, slow)
    store(state, LANES, last)


@kernel
def lane_digitise(limit, overload, full_scale, step, inverse_step, state, count, x):
    """Limits with slow recovery, and the quantiser, in place; limit, full_scale, step, inverse_step [16].

    overload : share of an excess that the amplifier keeps, and by which it forgets, per sample. A step of 0 is none.
    """
    top, scale, q, inverse = load(limit, 0), load(full_scale, 0), load(step, 0), load(inverse_step, 0)
    none, keep = splat(ZERO), splat(overload)
    kept = load(state, 0)
    for i in range(count):
        value = load(x, LANES * i) - kept
        clipped = upper(lower(value, top), none - top)
        kept = fma(keep, (value - clipped) - kept, kept)
        code = upper(lower(vrint(clipped * inverse) * q, scale - q), none - scale)
        store(x, LANES * i, pick_lt(none, q, code, clipped))
    store(state, 0, kept)
