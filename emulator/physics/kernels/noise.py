"""Normal noise of sixteen channels at once, a pure function of (channel key, purpose, index).

Words come from pcg4d (Jarzynski and Olano, Hash functions for GPU rendering, JCGT 9(3), 2020, §4.3): counter and
key, 128 bits in, 128 bits out, of which it is a permutation, in twelve 32-bit multiplications. Philox 4x32
(`philox.py`) stays the law of events and of single sensors; its 64-bit products have no cheap form on vectors of
32-bit lanes. Normals are Box and Muller's, exact but for rounding (1e-6 relative) and the cut of the tail at
6.56 sigma by radii of 31 bits. The statistics are tested: flat spectrum, moments, tails, no correlation between
samples, channels and purposes, of values and of squares.
"""

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.simd import (
    LANES,
    as_float,
    bits,
    copysign,
    fma,
    load,
    lower,
    splat,
    store,
    to_float,
    vabs,
    vsqrt,
)

BACKGROUND, ELECTRONICS, FLICKER = 0, 1, 16  # FLICKER + its poles, four a block
_MULTIPLY, _ADD, _HALF = np.uint32(1664525), np.uint32(1013904223), np.uint32(16)
_ONE_WORD, _TO_ANGLE_BITS = np.uint32(1), np.uint32(8)
_SIGN_FREE = np.uint32(0x7FFFFFFF)
_ROOT_HALF_BITS = np.uint32(0x3F3504F3)
_EXPONENT = np.uint32(23)
_MANTISSA = np.uint32(0x007FFFFF)
_BIAS = np.float32(127.0)
_LN_2_HIGH, _LN_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_TO_UNIT = np.float32(2.0**-31)
_TO_TURN = np.float32(2.0**-24)
_ONE, _HALF_F, _QUARTER, _MINUS_TWO = np.float32(1.0), np.float32(0.5), np.float32(0.25), np.float32(-2.0)

# sin(2πx) for |x| ≤ ¼: odd polynomial, minimax to 3.4e-9
_S0, _S1, _S2, _S3, _S4 = (np.float32(c) for c in (6.28318516, -41.34165537, 81.60102085, -76.55010724, 39.53886474))
# (ln(1+t) − t + t²/2)/t³ for 1+t in [√½, √2): minimax, 3.2e-8 relative in the logarithm
_L0, _L1, _L2, _L3, _L4, _L5, _L6 = (
    np.float32(c) for c in (0.33333911, -0.25001337, 0.19963064, -0.16577584, 0.14914764, -0.14267493, 0.08700454)
)


@kernel
def words(c0, c1, k0, k1):
    """Return four words of pcg4d for vectors of counter (c0, c1) and key (k0, k1)."""
    m, a, h = splat(_MULTIPLY), splat(_ADD), splat(_HALF)
    x, y, z, w = c0 * m + a, c1 * m + a, k0 * m + a, k1 * m + a
    x = x + y * w
    y = y + z * x
    z = z + x * y
    w = w + y * z
    x, y, z, w = x ^ (x >> h), y ^ (y >> h), z ^ (z >> h), w ^ (w >> h)
    x = x + y * w
    y = y + z * x
    z = z + x * y
    w = w + y * z
    return x, y, z, w


@kernel
def turn(t):
    """Return (cos, sin) of 2πt for turns t in [−½, ½]."""
    quarter = splat(_QUARTER)
    a = vabs(t)
    b = quarter - a
    d = copysign(lower(a, splat(_HALF_F) - a), t)
    p, q = b * b, d * d
    s4, s3, s2, s1, s0 = splat(_S4), splat(_S3), splat(_S2), splat(_S1), splat(_S0)
    c = fma(fma(fma(fma(s4, p, s3), p, s2), p, s1), p, s0) * b
    s = fma(fma(fma(fma(s4, q, s3), q, s2), q, s1), q, s0) * d
    return c, s


@kernel
def radius(w):
    """Return √(−2·ln u), u the word's upper 31 bits, never 0, as a fraction of one."""
    u = to_float((w >> splat(_ONE_WORD)) | splat(_ONE_WORD)) * splat(_TO_UNIT)
    raw = bits(u)
    # subtracting √½'s bits leaves the exponent of the mantissa folded to [√½, √2)
    shifted = raw - splat(_ROOT_HALF_BITS) + splat(np.uint32(0x3F800000))
    exponent = to_float(shifted >> splat(_EXPONENT)) - splat(_BIAS)
    t = as_float((shifted & splat(_MANTISSA)) + splat(_ROOT_HALF_BITS)) - splat(_ONE)
    p = fma(splat(_L6), t, splat(_L5))
    p = fma(p, t, splat(_L4))
    p = fma(p, t, splat(_L3))
    p = fma(p, t, splat(_L2))
    p = fma(p, t, splat(_L1))
    p = fma(p, t, splat(_L0))
    q = t * t
    log = fma(q, fma(t, p, splat(np.float32(-0.5))), fma(exponent, splat(_LN_2_LOW), t))
    log = fma(exponent, splat(_LN_2_HIGH), log)
    return vsqrt(lower(log, splat(np.float32(0.0))) * splat(_MINUS_TWO))


@kernel
def pair(w0, w1):
    """Return two independent standard normals of two words."""
    r = radius(w0)
    c, s = turn(to_float(w1 >> splat(_TO_ANGLE_BITS)) * splat(_TO_TURN) - splat(_HALF_F))
    return r * c, r * s


@kernel
def four(index, purpose, key0, key1):
    """Return four normals of block `index` (int64) of a purpose, for the lanes' keys."""
    low = splat(np.uint32(index & 0xFFFFFFFF))
    high = splat(np.uint32(((index >> 32) & 0xFFFFFF) | (purpose << 24)))
    w0, w1, w2, w3 = words(low, high, key0, key1)
    a, b = pair(w0, w1)
    c, d = pair(w2, w3)
    return a, b, c, d


@kernel
def first(index, purpose, key0, key1):
    """Return the first of the normals that `four` gives."""
    low = splat(np.uint32(index & 0xFFFFFFFF))
    high = splat(np.uint32(((index >> 32) & 0xFFFFFF) | (purpose << 24)))
    w0, w1, _, _ = words(low, high, key0, key1)
    a, _ = pair(w0, w1)
    return a


@kernel
def fill_noise(key0, key1, n0, count, background, electronics):
    """Fill samples n0 … n0+count-1 of two flat tiles [count * 16] with independent normals, a block for each two."""
    k0, k1 = load(key0, 0), load(key1, 0)
    n = n0
    end = n0 + count
    if n & 1:
        _, b, _, d = four(n >> 1, BACKGROUND, k0, k1)
        store(background, 0, b)
        store(electronics, 0, d)
        n += 1
    while n + 1 < end:
        a, b, c, d = four(n >> 1, BACKGROUND, k0, k1)
        i = (n - n0) * LANES
        store(background, i, a)
        store(background, i + LANES, b)
        store(electronics, i, c)
        store(electronics, i + LANES, d)
        n += 2
    if n < end:
        a, _, c, _ = four(n >> 1, BACKGROUND, k0, k1)
        store(background, (n - n0) * LANES, a)
        store(electronics, (n - n0) * LANES, c)


@kernel
def fill_electronics(key0, key1, n0, count, electronics):
    """Fill one tile of normals where nobody needs a second: a block serves four samples."""
    k0, k1 = load(key0, 0), load(key1, 0)
    n = n0
    end = n0 + count
    while n < end:
        a, b, c, d = four(n >> 2, ELECTRONICS, k0, k1)
        i = (n - n0) * LANES
        if n & 3 == 0 and n + 3 < end:
            store(electronics, i, a)
            store(electronics, i + LANES, b)
            store(electronics, i + 2 * LANES, c)
            store(electronics, i + 3 * LANES, d)
            n += 4
        else:
            place = n & 3
            store(electronics, i, a if place == 0 else b if place == 1 else c if place == 2 else d)
            n += 1
