"""The 1/3-binary filter-bank tree of the fast kurtogram, with the moments of every node on the way.

Both filters of a binary step are one symmetric prototype at 1/8 and 3/8 of the node's rate; sums and
differences of samples placed symmetrically are shared by them, and so are those at 1/12, 3/12 and 5/12 of a
step in three. What one block of a node needs lies in one work array at fixed distances: the compiler then
knows that nothing overlaps and computes several outputs at once.
"""

import numpy as np

from twin.dsp.kernel import kernel

BLOCK = 256
_LINE = 288
WORK = 32 * _LINE
"""Size of the work array."""
HALF = 8
HALF3 = 12

# lines of the work array in a step by two
_RE, _IM = 0, 2 * _LINE  # even samples, then odd ones
_OUT = 4 * _LINE  # low re, low im, high re, high im
_SUM = 8 * _LINE  # low |z|², low |z|⁴, high |z|², high |z|⁴
# and in a step by three
_RE3, _IM3 = 12 * _LINE, 15 * _LINE  # three phases each
_SUM3 = 18 * _LINE  # |z|², |z|⁴ of the three
_SIGN = 24 * _LINE
_SIN45 = 0.5**0.5
_SIN60 = 0.75**0.5


@kernel
def _clear(work, start, lines):
    for i in range(start, start + lines * _LINE):
        work[i] = 0.0


@kernel
def _total(work, start):
    # halves upon halves: short chains of additions, small rounding
    half = BLOCK // 2
    while half >= 1:
        for i in range(half):
            work[start + i] += work[start + half + i]
        half //= 2
    return work[start]


@kernel
def kurtogram_moments(levels, taps, taps3, sizes, buffers, work, two, three):
    """Sum |z|² and |z|⁴ of every node of the tree below the record that stands in `buffers`.

    Parameters
    ----------
    levels : number of steps by two
    taps, taps3 : float64[9], float64[13], the prototypes from their middle outwards
    sizes : int64[levels + 1], samples of a node at each depth
    buffers : float64[…]: re and im of the record, then of two sibling nodes at each depth, and 4 spare values
    work : float64[WORK]
    two : float64[2^(levels+1) - 2, 2], filled: depth 1, 2, …, in each from low to high frequency
    three : float64[3(2^(levels-1) - 1), 2], filled: the thirds of depth 0, 1, … levels - 2
    """
    for i in range(BLOCK):
        work[_SIGN + i] = 1.0 - 2.0 * (i % 2)
    for path in range(1 << (levels - 1)):
        # depth first: only what lies below the first turn that differs from the last path is new
        first = 0
        if path > 0:
            first = levels - 1
            while (path >> (levels - 1 - first)) % 2 == 0:
                first -= 1
        at = 0
        for depth in range(levels):
            size = sizes[depth]
            branches = 2 if depth > 0 else 1
            below = at + 2 * branches * size
            if depth >= first:
                node = path >> (levels - 1 - depth)
                here = at + 2 * size * (node % 2)
                _split(buffers, here, size, below, sizes[depth + 1], depth + 1 < levels, taps, work)
                row = (2 << depth) - 2 + 2 * node
                two[row, 0] = _total(work, _SUM)
                two[row, 1] = _total(work, _SUM + _LINE)
                two[row + 1, 0] = _total(work, _SUM + 2 * _LINE)
                two[row + 1, 1] = _total(work, _SUM + 3 * _LINE)
                if depth < levels - 1:
                    _thirds(buffers, here, size, taps3, work)
                    row = 3 * ((1 << depth) - 1 + node)
                    for third in range(3):
                        three[row + third, 0] = _total(work, _SUM3 + 2 * third * _LINE)
                        three[row + third, 1] = _total(work, _SUM3 + (2 * third + 1) * _LINE)
            at = below


@kernel
def _split(buffers, here, size, below, child, keep, taps, work):
    # Antoni 2007 eqs. 13, 14: h(k) exp(iπk/4) and h(k) exp(3iπk/4); the second is the first with odd taps
    # negated and conjugated, so sums and differences of samples j before and after the middle serve both
    a0, a2, a4, a6, a8 = taps[0], taps[2], taps[4], taps[6], taps[8]
    a1, a3, a5, a7 = _SIN45 * taps[1], _SIN45 * taps[3], _SIN45 * taps[5], _SIN45 * taps[7]
    _clear(work, _SUM, 4)
    for start in range(0, child, BLOCK):
        n = min(BLOCK, child - start)
        re = here + 2 * start
        im = re + size
        for i in range(n + HALF):
            work[_RE + i] = buffers[re + 2 * i]
            work[_RE + _LINE + i] = buffers[re + 2 * i + 1]
            work[_IM + i] = buffers[im + 2 * i]
            work[_IM + _LINE + i] = buffers[im + 2 * i + 1]
        for i in range(n):
            e = _RE + i
            o = _RE + _LINE + i
            ae = a0 * work[e + 4] - a4 * (work[e + 2] + work[e + 6]) + a8 * (work[e] + work[e + 8])
            be = a2 * (work[e + 3] - work[e + 5]) - a6 * (work[e + 1] - work[e + 7])
            s1, d1 = work[o + 3] + work[o + 4], work[o + 3] - work[o + 4]
            s3, d3 = work[o + 2] + work[o + 5], work[o + 2] - work[o + 5]
            s5, d5 = work[o + 1] + work[o + 6], work[o + 1] - work[o + 6]
            s7, d7 = work[o] + work[o + 7], work[o] - work[o + 7]
            ao = a1 * s1 - a3 * s3 - a5 * s5 + a7 * s7
            bo = a1 * d1 + a3 * d3 - a5 * d5 - a7 * d7
            e = _IM + i
            o = _IM + _LINE + i
            ce = a0 * work[e + 4] - a4 * (work[e + 2] + work[e + 6]) + a8 * (work[e] + work[e + 8])
            de = a2 * (work[e + 3] - work[e + 5]) - a6 * (work[e + 1] - work[e + 7])
            s1, d1 = work[o + 3] + work[o + 4], work[o + 3] - work[o + 4]
            s3, d3 = work[o + 2] + work[o + 5], work[o + 2] - work[o + 5]
            s5, d5 = work[o + 1] + work[o + 6], work[o + 1] - work[o + 6]
            s7, d7 = work[o] + work[o + 7], work[o] - work[o + 7]
            co = a1 * s1 - a3 * s3 - a5 * s5 + a7 * s7
            do = a1 * d1 + a3 * d3 - a5 * d5 - a7 * d7
            low_re = (ae + ao) - (de + do)
            low_im = (ce + co) + (be + bo)
            high_re = (ae - ao) + (de - do)
            high_im = (ce - co) - (be - bo)
            low = low_re * low_re + low_im * low_im
            high = high_re * high_re + high_im * high_im
            work[_OUT + i] = low_re
            work[_OUT + _LINE + i] = low_im
            work[_OUT + 2 * _LINE + i] = high_re
            work[_OUT + 3 * _LINE + i] = high_im
            work[_SUM + i] += low
            work[_SUM + _LINE + i] += low * low
            work[_SUM + 2 * _LINE + i] += high
            work[_SUM + 3 * _LINE + i] += high * high
        if keep:
            out = below + start
            for i in range(n):
                buffers[out + i] = work[_OUT + i]
                buffers[out + child + i] = work[_OUT + _LINE + i]
                # the upper half comes out at -½ … 0 of the new rate: half a turn per sample puts it at 0 … ½
                buffers[out + 2 * child + i] = work[_SIGN + i] * work[_OUT + 2 * _LINE + i]
                buffers[out + 3 * child + i] = work[_SIGN + i] * work[_OUT + 3 * _LINE + i]


@kernel
def _thirds(buffers, here, size, taps3, work):
    # Antoni 2007 eq. 17: h(k) exp(iπk/6), exp(iπk/2), exp(5iπk/6); sample 3m + 12 ± j lies on phase ±j mod 3
    t0, t1, t2, t3, t4, t5, t6 = taps3[0], taps3[1], taps3[2], taps3[3], taps3[4], taps3[5], taps3[6]
    t7, t8, t9, t10, t11, t12 = taps3[7], taps3[8], taps3[9], taps3[10], taps3[11], taps3[12]
    q = _SIN60
    _clear(work, _SUM3, 6)
    third = (size - 2 * HALF3 - 1) // 3 + 1
    for start in range(0, third, BLOCK):
        n = min(BLOCK, third - start)
        re = here + 3 * start
        im = re + size
        for i in range(n + 8):
            for phase in range(3):
                work[_RE3 + phase * _LINE + i] = buffers[re + 3 * i + phase]
                work[_IM3 + phase * _LINE + i] = buffers[im + 3 * i + phase]
        for i in range(n):
            x = _RE3 + 4 + i
            y = x + _LINE
            z = y + _LINE
            g0 = t0 * work[x] + t12 * (work[x - 4] + work[x + 4]) - t6 * (work[x - 2] + work[x + 2])
            g2 = t2 * (work[y - 1] + work[z]) + t10 * (work[z - 4] + work[y + 3])
            g4 = t4 * (work[z - 2] + work[y + 1]) + t8 * (work[y - 3] + work[z + 2])
            ae = g0 + 0.5 * (g2 - g4)
            am = g0 - g2 + g4
            q2 = q * t2 * (work[y - 1] - work[z]) - q * t10 * (work[z - 4] - work[y + 3])
            q4 = q * t4 * (work[z - 2] - work[y + 1]) - q * t8 * (work[y - 3] - work[z + 2])
            be = q2 + q4
            q1 = q * t1 * (work[z - 1] + work[y]) - q * t5 * (work[y - 2] + work[z + 1])
            q7 = q * t7 * (work[z - 3] + work[y + 2]) - q * t11 * (work[y - 4] + work[z + 3])
            ao = q1 - q7
            d1 = t1 * (work[z - 1] - work[y]) + t5 * (work[y - 2] - work[z + 1])
            d7 = t7 * (work[z - 3] - work[y + 2]) + t11 * (work[y - 4] - work[z + 3])
            d3 = t3 * (work[x - 1] - work[x + 1]) - t9 * (work[x - 3] - work[x + 3])
            bo = 0.5 * (d1 - d7) + d3
            bm = d1 - d7 - d3
            x = _IM3 + 4 + i
            y = x + _LINE
            z = y + _LINE
            g0 = t0 * work[x] + t12 * (work[x - 4] + work[x + 4]) - t6 * (work[x - 2] + work[x + 2])
            g2 = t2 * (work[y - 1] + work[z]) + t10 * (work[z - 4] + work[y + 3])
            g4 = t4 * (work[z - 2] + work[y + 1]) + t8 * (work[y - 3] + work[z + 2])
            ce = g0 + 0.5 * (g2 - g4)
            cm = g0 - g2 + g4
            q2 = q * t2 * (work[y - 1] - work[z]) - q * t10 * (work[z - 4] - work[y + 3])
            q4 = q * t4 * (work[z - 2] - work[y + 1]) - q * t8 * (work[y - 3] - work[z + 2])
            de = q2 + q4
            q1 = q * t1 * (work[z - 1] + work[y]) - q * t5 * (work[y - 2] + work[z + 1])
            q7 = q * t7 * (work[z - 3] + work[y + 2]) - q * t11 * (work[y - 4] + work[z + 3])
            co = q1 - q7
            d1 = t1 * (work[z - 1] - work[y]) + t5 * (work[y - 2] - work[z + 1])
            d7 = t7 * (work[z - 3] - work[y + 2]) + t11 * (work[y - 4] - work[z + 3])
            d3 = t3 * (work[x - 1] - work[x + 1]) - t9 * (work[x - 3] - work[x + 3])
            do = 0.5 * (d1 - d7) + d3
            dm = d1 - d7 - d3
            re = (ae + ao) - (de + do)
            im = (ce + co) + (be + bo)
            low = re * re + im * im
            re = am - dm
            im = cm + bm
            middle = re * re + im * im
            re = (ae - ao) + (de - do)
            im = (ce - co) - (be - bo)
            high = re * re + im * im
            work[_SUM3 + i] += low
            work[_SUM3 + _LINE + i] += low * low
            work[_SUM3 + 2 * _LINE + i] += middle
            work[_SUM3 + 3 * _LINE + i] += middle * middle
            work[_SUM3 + 4 * _LINE + i] += high
            work[_SUM3 + 5 * _LINE + i] += high * high


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    return [
        (
            "kurtogram_moments",
            lambda: kurtogram_moments(
                1,
                np.ones(9),
                np.ones(13),
                np.array([33, 9]),
                np.zeros(2 * 33 + 4 * 9 + 4),
                np.zeros(WORK),
                np.zeros((2, 2)),
                np.zeros((0, 2)),
            ),
        )
    ]
