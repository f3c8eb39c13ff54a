"""Philox-4x32-10 counter generator and normals that are a pure function of (key, index).

Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC '11, doi:10.1145/2063384.2063405, §3.
Words are carried as uint64 holding 32 bits: a 32×32 product then never overflows, compiled or not.
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
    """Return draw `index` of a stream, uniform in (0, 1): 53 bits from two words, centred so that 0 is never hit."""
    w0, w1, w2, w3 = philox_block(key0, key1, index >> 1)
    if index & 1:
        w0, w1 = w2, w3
    high = np.float64(w0 >> np.uint64(5))
    low = np.float64(w1 >> np.uint64(6))
    return (high * 67108864.0 + low + 0.5) * TO_UNIT_53


@kernel
def philox_normal(key0, key1, index):
    """Return draw `index` of a stream, standard normal (Box & Muller 1958).

    Four normals share one Philox block: 32-bit uniforms cut the tail at 6.76 sigma, beyond what a float32 noise shows.
    """
    w0, w1, w2, w3 = philox_block(key0, key1, index >> 2)
    if index & 2:
        w0, w1 = w2, w3
    radius = math.sqrt(-2.0 * math.log((np.float64(w0) + 0.5) * TO_UNIT_32))
    angle = np.float64(w1) * (TO_UNIT_32 * TWO_PI)
    if index & 1:
        return radius * math.sin(angle)
    return radius * math.cos(angle)


@kernel
def fill_normal(key0, key1, n0, out):
    """Fill `out` with normals n0, n0+1, …; the same bits as `philox_normal` one by one."""
    count = out.shape[0]
    i = 0
    while i < count:
        index = n0 + i
        w0, w1, w2, w3 = philox_block(key0, key1, index >> 2)
        lane = index & 3
        while lane < 4 and i < count:
            first, second = (w0, w1) if lane < 2 else (w2, w3)
            radius = math.sqrt(-2.0 * math.log((np.float64(first) + 0.5) * TO_UNIT_32))
            angle = np.float64(second) * (TO_UNIT_32 * TWO_PI)
            if lane & 1 == 0:
                out[i] = radius * math.cos(angle)
                i += 1
                lane += 1
                if i < count:
                    out[i] = radius * math.sin(angle)
                    i += 1
                    lane += 1
            else:
                out[i] = radius * math.sin(angle)
                i += 1
                lane += 1


@kernel
def fill_uniform(key0, key1, n0, out):
    """Fill `out` with uniforms n0, n0+1, …."""
    for i in range(out.shape[0]):
        out[i] = philox_uniform(key0, key1, n0 + i)
