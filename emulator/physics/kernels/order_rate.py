"""Orders of a shaft at an eighth, a quarter or half of the sample rate, and the samples between.

Forty orders of a shaft at 25 Hz end at 1 kHz: at 25.6 kS/s most of their evaluations tell nothing new. They are
evaluated on the coarse grid of samples divisible by the stride, and an interpolator of twelve taps gives the rest. Near
the edges of a tick the coarse grid goes on by that tick's own law, so a tick needs nothing from its neighbours, and the
grid is that of absolute sample numbers: cuts never show. Each lane's stride follows from its own speed, not from who
its neighbours are.
"""

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.simd import LANES, fma, load, pick_lt, splat, store

TAPS, BEFORE, AFTER = 12, 5, 6  # coarse samples around a sample: five before the one at or before it, six after
BAND = 0.2  # highest frequency, in cycles per coarse sample, that the interpolator is made for
CLASSES = 3  # strides 8, 4, 2; stride 1 is no interpolation

# Taps at 1/8 … 4/8 of the way, minimax over |f| ≤ BAND: relative error of a rotating phasor ≤ 7e-7, float32 taps
# included; those at 5/8 … 7/8 are the same backwards.
_EIGHTHS = (
    (-0.000152119973, 0.00142050569, -0.00699108192, 0.0248911238, -0.0817130506, 0.960517193,
     0.137241048, -0.0490540366, 0.0184143725, -0.00564521895, 0.0012040079, -0.000132986647),
    (-0.00027167585, 0.00252213923, -0.0122961237, 0.0429979326, -0.134503117, 0.878308073,
     0.292803911, -0.0961078685, 0.0352012549, -0.010665769, 0.0022592041, -0.000248408261),
    (-0.00034469679, 0.00318235463, -0.0153785084, 0.0529021696, -0.158788531, 0.760341595,
     0.456231869, -0.13438344, 0.0478782338, -0.0143240506, 0.0030120374, -0.000329613396),
    (-0.00036399899, 0.00334292762, -0.0160214639, 0.0542938992, -0.157238054, 0.615986376,
     0.615986376, -0.157238054, 0.0542938992, -0.0160214639, 0.00334292762, -0.00036399899),
)  # fmt: skip
BETWEEN = np.array([(0.0,) * TAPS, *_EIGHTHS, *(row[::-1] for row in _EIGHTHS[2::-1])], np.float32)


@kernel
def order_strides(w0, w1, orders, rate, span, lanes, stride):
    """Fill stride int64[16] (8, 4, 2 or 1) for shaft speeds float64[16] at a tick's ends [rad/s]; `lanes` are in use.

    span : samples of the tick. A tick too short for the coarse grid beyond its ends to pay has stride 1.
    """
    for c in range(LANES):
        stride[c] = 0
    for c in range(lanes):
        found = 1
        for s in (2, 4, 8):
            # the law goes on for AFTER coarse samples beyond the tick
            speed = max(abs(w0[c]), abs(w1[c])) + abs(w1[c] - w0[c]) * AFTER * s / max(span, 1)
            fast = orders * speed * s > BAND * 2.0 * np.pi * rate
            if not fast and 4 * (span + TAPS * s) <= 3 * s * span:
                found = s
        stride[c] = found


@kernel
def lane_between(coarse, low, shift, taps, n0, count, x):
    """Fill samples n0 … n0+count-1 of a tile from rows of the coarse grid, row 0 being coarse sample `low`.

    shift : log2 of the stride · taps float32[8, TAPS] : `BETWEEN`. Two samples share each tap.
    """
    stride = 1 << shift
    for phase in range(stride):
        i = (phase - n0) & (stride - 1)
        if phase == 0:
            while i < count:
                store(x, LANES * i, load(coarse, LANES * (((n0 + i) >> shift) - low)))
                i += stride
            continue
        row = phase << (3 - shift)
        while i < count:
            at = LANES * (((n0 + i) >> shift) - low - BEFORE)
            t = splat(taps[row, 0])
            a, later = load(coarse, at), load(coarse, at + LANES)
            a, b = t * a, t * later
            if i + stride < count:
                for k in range(1, TAPS):
                    t = splat(taps[row, k])
                    a = fma(t, later, a)
                    later = load(coarse, at + LANES * (k + 1))
                    b = fma(t, later, b)
                store(x, LANES * (i + stride), b)
            else:
                for k in range(1, TAPS):
                    a = fma(splat(taps[row, k]), load(coarse, at + LANES * k), a)
            store(x, LANES * i, a)
            i += 2 * stride


@kernel
def blend(stride, which, y, count, x):
    """Take the lanes whose stride is `which` from tile y."""
    chosen = np.empty(LANES, np.float32)
    for c in range(LANES):
        chosen[c] = 1.0 if stride[c] == which else 0.0
    mask, none = load(chosen, 0), splat(np.float32(0.0))
    for i in range(count):
        store(x, LANES * i, pick_lt(none, mask, load(y, LANES * i), load(x, LANES * i)))
