"""Power spectra of sixteen signals side by side, without allocating."""

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import LANES, fma, load, splat, store, widen

SILENT = 1e-30
"""Mean square below which there is nothing to compare a fluctuation with."""


@kernel
def lane_fft(a, b, twiddle, size):
    """Complex FFT of length size = 2**k; returns True when the result stands in b, False when in a.

    Stockham's self-sorting radix 4, last step radix 2 where k is odd (Van Loan, Computational Frameworks for the
    Fast Fourier Transform, §1.7 and §2.4). a, b : float32[size * 2 * 16], real and imaginary part of each element,
    16 lanes each; both are overwritten. twiddle : float32[2 * size], cos and -sin of 2π k / size.
    """
    n = size
    stride = 1
    turned = False
    while n > 1:
        source = b if turned else a
        target = a if turned else b
        if n >= 4:
            quarter = n // 4
            for p in range(quarter):
                k = p * stride
                c1 = splat(twiddle[2 * k])
                s1 = splat(twiddle[2 * k + 1])
                c2 = splat(twiddle[4 * k])
                s2 = splat(twiddle[4 * k + 1])
                c3 = splat(twiddle[6 * k])
                s3 = splat(twiddle[6 * k + 1])
                for q in range(stride):
                    i0 = 2 * LANES * (q + stride * p)
                    hop = 2 * LANES * stride * quarter
                    ar = load(source, i0)
                    ai = load(source, i0 + LANES)
                    br = load(source, i0 + hop)
                    bi = load(source, i0 + hop + LANES)
                    cr = load(source, i0 + 2 * hop)
                    ci = load(source, i0 + 2 * hop + LANES)
                    dr = load(source, i0 + 3 * hop)
                    di = load(source, i0 + 3 * hop + LANES)
                    sum_r = ar + cr
                    sum_i = ai + ci
                    dif_r = ar - cr
                    dif_i = ai - ci
                    odd_r = br + dr
                    odd_i = bi + di
                    # j (b - d)
                    jr = di - bi
                    ji = br - dr
                    o = 2 * LANES * (q + stride * 4 * p)
                    step = 2 * LANES * stride
                    store(target, o, sum_r + odd_r)
                    store(target, o + LANES, sum_i + odd_i)
                    xr = dif_r - jr
                    xi = dif_i - ji
                    store(target, o + step, c1 * xr - s1 * xi)
                    store(target, o + step + LANES, fma(c1, xi, s1 * xr))
                    xr = sum_r - odd_r
                    xi = sum_i - odd_i
                    store(target, o + 2 * step, c2 * xr - s2 * xi)
                    store(target, o + 2 * step + LANES, fma(c2, xi, s2 * xr))
                    xr = dif_r + jr
                    xi = dif_i + ji
                    store(target, o + 3 * step, c3 * xr - s3 * xi)
                    store(target, o + 3 * step + LANES, fma(c3, xi, s3 * xr))
            n //= 4
            stride *= 4
        else:
            for q in range(stride):
                i0 = 2 * LANES * q
                i1 = 2 * LANES * (q + stride)
                ar = load(source, i0)
                ai = load(source, i0 + LANES)
                br = load(source, i1)
                bi = load(source, i1 + LANES)
                store(target, i0, ar + br)
                store(target, i0 + LANES, ai + bi)
                store(target, i1, ar - br)
                store(target, i1 + LANES, ai - bi)
            n = 1
        turned = not turned
    return turned


@kernel
def lane_fluctuation_power(x, count, window, twiddle, half_turn, a, b, mean, out):
    """Power of the fluctuation of x about its mean, relative to the mean: |rfft(window * (x / mean - 1))|².

    x : float32[count * 16], left as it is; window : float32[count]; a, b : work, float32[size * 2 * 16] with
    2 * size >= count, zeros follow x; twiddle : of length size, see `lane_fft`; half_turn : float32[2 * (size + 1)],
    cos and -sin of π k / size; mean : float64[16] is filled; out : float32[bins * 16], as
    many bins as are wanted, size + 1 at most.
    A lane whose mean is not above `SILENT` gives zeros.
    """
    size = a.shape[0] // (2 * LANES)
    total = splat(0.0)
    for i in range(count):
        total = total + widen(load(x, LANES * i))
    store(mean, 0, total * splat(1.0 / count))
    for lane in range(LANES):
        b[lane] = np.float32(1.0 / mean[lane]) if mean[lane] > SILENT else np.float32(0.0)
        b[LANES + lane] = np.float32(1.0) if mean[lane] > SILENT else np.float32(0.0)
    inverse = load(b, 0)
    one = load(b, LANES)
    # Even samples are real parts, odd ones imaginary: a real transform at the price of half a complex one.
    for i in range(count):
        store(a, LANES * i, splat(window[i]) * (load(x, LANES * i) * inverse - one))
    nothing = splat(np.float32(0.0))
    for i in range(count, 2 * size):
        store(a, LANES * i, nothing)
    z = b if lane_fft(a, b, twiddle, size) else a
    half = splat(np.float32(0.5))
    for k in range(out.shape[0] // LANES):
        i = 2 * LANES * (k % size)
        j = 2 * LANES * ((size - k) % size)
        even_r = load(z, i) + load(z, j)
        even_i = load(z, i + LANES) - load(z, j + LANES)
        odd_r = load(z, i + LANES) + load(z, j + LANES)
        odd_i = load(z, j) - load(z, i)
        c = splat(half_turn[2 * k])
        s = splat(half_turn[2 * k + 1])
        re = half * (even_r + (c * odd_r - s * odd_i))
        im = half * (even_i + fma(c, odd_i, s * odd_r))
        store(out, LANES * k, fma(re, re, im * im))


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""

    def line(n):
        return np.zeros(n, np.float32)

    return [
        ("lane_fft", lambda: lane_fft(line(128), line(128), line(8), 4)),
        (
            "lane_fluctuation_power",
            lambda: lane_fluctuation_power(
                line(64), 4, line(4), line(8), line(10), line(128), line(128), np.zeros(16), line(80)
            ),
        ),
    ]
