"""Philox-4x32-10 counter generator and normals that are a pure function of (key, index).

Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC '11,
doi:10.1145/2063384.2063405, §3. Words are carried as uint64 holding 32 bits: a 32×32 product then never
overflows, compiled or not.
"""

import math

import numpy as np

from emulator.kernel import kernel

MASK = np.uint64(0xFFFFFFFF)
SHIFT = np.uint64(32)
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
ZERO = np.uint64(0)

TO_UNIT_32 = 2.0**-32
TO_UNIT_53 = 2.0**-53
TWO_PI = 2.0 * math.pi
LN_2 = math.log(2.0)
SQRT_HALF = math.sqrt(0.5)
GROUP = 64


@kernel
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Return the four output words of ten rounds on counter (c0..c3) and key (k0, k1)."""
    for _ in range(10):
        p0 = MULTIPLIER_0 * c0
        p1 = MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (p1 >> SHIFT) ^ c1 ^ k0, p1 & MASK, (p0 >> SHIFT) ^ c3 ^ k1, p0 & MASK
        k0 = (k0 + WEYL_0) & MASK
        k1 = (k1 + WEYL_1) & MASK
    return c0, c1, c2, c3


@kernel
def philox_block(key0, key1, block):
    """Return the four words of counter `block` (64 bit, the upper counter half is zero)."""
    b = np.uint64(block)
    return philox4x32(b & MASK, b >> SHIFT, ZERO, ZERO, np.uint64(key0), np.uint64(key1))


@kernel
def philox_uniform(key0, key1, index):
    """Return draw `index` of a stream, uniform in (0, 1): 53 bits, centred so that 0 is never hit."""
    w0, w1, w2, w3 = philox_block(key0, key1, index >> 1)
    if index & 1:
        w0, w1 = w2, w3
    high = np.float64(w0 >> np.uint64(5))
    low = np.float64(w1 >> np.uint64(6))
    return (high * 67108864.0 + low + 0.5) * TO_UNIT_53


@kernel
def _radius(mantissa, exponent):
    """Return √(−2·ln(m·2^e)) for m in [0.5, 1); arithmetic only: it vectorises and is the same everywhere.

    ln m = 2·artanh((m−1)/(m+1)), folded to m in [√½, √2): the series is good to 1e-15 there.
    """
    low = mantissa < SQRT_HALF
    m = mantissa * 2.0 if low else mantissa
    e = exponent - 1.0 if low else exponent
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    series = 1.0 / 17.0
    series = series * q + 1.0 / 15.0
    series = series * q + 1.0 / 13.0
    series = series * q + 1.0 / 11.0
    series = series * q + 1.0 / 9.0
    series = series * q + 1.0 / 7.0
    series = series * q + 1.0 / 5.0
    series = series * q + 1.0 / 3.0
    series = series * q + 1.0
    return math.sqrt(-2.0 * (e * LN_2 + 2.0 * s * series))


@kernel
def sin_half_turns(r):
    """Return sin(πr) for r in [−½, ½], by its series (1e-16): the same on every machine."""
    x = math.pi * r
    q = x * x
    p = -1.0 / 51090942171709440000.0
    p = p * q + 1.0 / 121645100408832000.0
    p = p * q - 1.0 / 355687428096000.0
    p = p * q + 1.0 / 1307674368000.0
    p = p * q - 1.0 / 6227020800.0
    p = p * q + 1.0 / 39916800.0
    p = p * q - 1.0 / 362880.0
    p = p * q + 1.0 / 5040.0
    p = p * q - 1.0 / 120.0
    p = p * q + 1.0 / 6.0
    p = p * q - 1.0
    return -x * p


@kernel
def cos_turns(turns):
    """Return cos(2π·turns) as 1 − 2·sin²."""
    s = sin_half_turns(turns - np.rint(turns))
    return 1.0 - 2.0 * s * s


@kernel
def philox_normal(key0, key1, index):
    """Return draw `index` of a stream, standard normal (Box & Muller 1958).

    Four normals share one Philox block: 32-bit uniforms cut the tail at 6.76 sigma, beyond what a float32
    noise shows.
    """
    w0, w1, w2, w3 = philox_block(key0, key1, index >> 2)
    if index & 2:
        w0, w1 = w2, w3
    mantissa, exponent = math.frexp((np.float64(w0) + 0.5) * TO_UNIT_32)
    turns = np.float64(w1) * TO_UNIT_32 - (0.25 if index & 1 else 0.0)
    return _radius(mantissa, np.float64(exponent)) * cos_turns(turns)


@kernel
def fill_normal(key0, key1, n0, out):
    """Fill `out` with normals n0, n0+1, …; the same bits as `philox_normal` one by one.

    Groups of blocks go stage by stage through small arrays, which lets the compiler use vector instructions.
    """
    first = n0 >> 2
    last = (n0 + out.shape[0] - 1) >> 2
    unit = np.empty(2 * GROUP)
    turns = np.empty(2 * GROUP)
    bits = unit.view(np.int64)
    exponent = np.empty(2 * GROUP)
    k0 = np.uint64(key0)
    k1 = np.uint64(key1)
    for start in range(first, last + 1, GROUP):
        many = min(GROUP, last + 1 - start)
        for j in range(many):
            b = np.uint64(start + j)
            w0, w1, w2, w3 = philox4x32(b & MASK, b >> SHIFT, ZERO, ZERO, k0, k1)
            unit[2 * j] = (np.float64(w0) + 0.5) * TO_UNIT_32
            unit[2 * j + 1] = (np.float64(w2) + 0.5) * TO_UNIT_32
            turns[2 * j] = np.float64(w1) * TO_UNIT_32
            turns[2 * j + 1] = np.float64(w3) * TO_UNIT_32
        for j in range(2 * many):
            exponent[j] = np.float64((bits[j] >> 52) - 1022)
            bits[j] = (bits[j] & 0xFFFFFFFFFFFFF) | 0x3FE0000000000000
        for j in range(2 * many):
            unit[j] = _radius(unit[j], exponent[j])
        base = 4 * start - n0
        if base >= 0 and base + 4 * many <= out.shape[0]:
            for j in range(2 * many):
                out[base + 2 * j] = unit[j] * cos_turns(turns[j])
                out[base + 2 * j + 1] = unit[j] * cos_turns(turns[j] - 0.25)
        else:
            for j in range(4 * many):
                if 0 <= base + j < out.shape[0]:
                    out[base + j] = unit[j >> 1] * cos_turns(turns[j >> 1] - 0.25 * (j & 1))


@kernel
def fill_uniform(key0, key1, n0, out):
    """Fill `out` with uniforms n0, n0+1, …."""
    for i in range(out.shape[0]):
        out[i] = philox_uniform(key0, key1, n0 + i)
