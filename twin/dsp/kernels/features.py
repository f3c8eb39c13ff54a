"""Time-domain features in one pass: power sums of short blocks, joined to central moments; mergeable."""

import math

import numpy as np

from twin.dsp.kernel import kernel
from twin.dsp.kernels.moments import moments_merge

# Samples after which a block's power sums are turned into central moments. One division per block, not per sample:
# the update of Pébay for every sample (kernels/moments.py) waits for its own division and takes about 3 times as long.
BLOCK = 256
STATE = 29
# state: 0-7 as in kernels/moments.py, 8 sum |x|, 9 sum sqrt|x|, 10 changes of side, 11 first and 12 last side
# (1 at or above the level, -1 below, 0 none yet); of the unfinished block: 13 samples, 14 readings, 15 shift,
# 16-19 sums of (x - shift)^1..4, 20 sum |x|, 21 sum sqrt|x|, then 22-28 room for its moments


VALUES = (
    "mean",
    "std",
    "rms",
    "peak",
    "peak_to_peak",
    "crest",
    "skewness",
    "kurtosis",
    "shape",
    "impulse",
    "clearance",
)


@kernel
def features_update(x, level, state):
    """Add the samples of x; NaN is counted, never averaged. Any split of x gives the same bits."""
    n = x.shape[0]
    at = 0
    while at < n:
        taken = min(n - at, BLOCK - int(state[13]))
        readings = state[14]
        shift = state[15]
        s1 = state[16]
        s2 = state[17]
        s3 = state[18]
        s4 = state[19]
        absolute = state[20]
        root = state[21]
        low = state[5]
        high = state[6]
        side = state[12]
        upper = side >= 0.0
        changes = 0
        missing = 0
        for i in range(at, at + taken):
            value = x[i]
            if value != value:
                missing += 1
                continue
            if readings == 0.0:
                # near the mean, so that the sums do not cancel: what came before, or else the first reading
                shift = state[1] if state[0] > 0.0 else value
                if side == 0.0:
                    upper = value >= level
                    side = 1.0 if upper else -1.0
                    state[11] = side
            readings += 1.0
            d = value - shift
            d2 = d * d
            s1 += d
            s2 += d2
            s3 += d2 * d
            s4 += d2 * d2
            magnitude = abs(value)
            absolute += magnitude
            root += math.sqrt(magnitude)
            low = min(low, value)
            high = max(high, value)
            # no branch: noise changes side at every other sample, and each wrong guess would cost 15 cycles
            now = value >= level
            changes += now ^ upper
            upper = now
        state[7] += missing
        state[10] += changes
        state[5] = low
        state[6] = high
        state[12] = (1.0 if upper else -1.0) if side != 0.0 else 0.0
        state[13] += taken
        state[14] = readings
        state[15] = shift
        state[16] = s1
        state[17] = s2
        state[18] = s3
        state[19] = s4
        state[20] = absolute
        state[21] = root
        if state[13] >= BLOCK:
            features_settle(state)
        at += taken


@kernel
def features_settle(state):
    """Join the unfinished block to the whole. Only at the end of a block, or on a copy: it moves the block's edges."""
    n = state[14]
    if n > 0.0:
        # raw sums about the shift to central moments: Pébay, SAND2008-6212, eq. 1.2 (binomial expansion)
        delta = state[16] / n
        s2 = state[17]
        s3 = state[18]
        block = state[21:29]
        state[9] += state[21]
        state[8] += state[20]
        block[0] = n
        block[1] = state[15] + delta
        block[2] = max(s2 - n * delta * delta, 0.0)
        block[3] = s3 - 3.0 * delta * s2 + 2.0 * n * delta * delta * delta
        block[4] = state[19] - 4.0 * delta * s3 + 6.0 * delta * delta * s2 - 3.0 * n * delta * delta * delta * delta
        block[5] = math.inf
        block[6] = -math.inf
        block[7] = 0.0
        moments_merge(state[0:8], block, state[0:8])
    for i in range(13, 29):
        state[i] = 0.0


@kernel
def features_merge(left, right):
    """Add to left what right has seen after it; both settled."""
    moments_merge(left[0:8], right[0:8], left[0:8])
    left[8] += right[8]
    left[9] += right[9]
    left[10] += right[10]
    if right[11] != 0.0:
        if left[12] != 0.0 and left[12] != right[11]:
            left[10] += 1.0
        if left[11] == 0.0:
            left[11] = right[11]
        left[12] = right[12]


@kernel
def features_batch(x, level, state):
    """Update one state for each row of x and settle it."""
    for row in range(x.shape[0]):
        features_update(x[row], level, state[row])
        features_settle(state[row])


@kernel
def features_values(state, out):
    """Turn settled states [rows, 29] into the features `VALUES` names, in its order; NaN where one means nothing."""
    for row in range(state.shape[0]):
        s = state[row]
        for k in range(out.shape[1]):
            out[row, k] = np.nan
        n = s[0]
        if n == 0.0:
            continue
        peak = max(abs(s[5]), abs(s[6]))
        out[row, 3] = peak
        out[row, 4] = s[6] - s[5]
        if peak == np.inf:
            continue  # what infinities leave in the sums depends on their order
        variance = s[2] / n
        rms = math.sqrt(variance + s[1] * s[1])
        out[row, 0] = s[1]
        out[row, 1] = math.sqrt(variance)
        out[row, 2] = rms
        if s[2] > 0.0:
            out[row, 6] = math.sqrt(n) * s[3] / (s[2] * math.sqrt(s[2]))
            out[row, 7] = n * s[4] / (s[2] * s[2])
        if peak > 0.0:
            absolute = s[8] / n
            root = s[9] / n
            out[row, 5] = peak / rms
            out[row, 8] = rms / absolute
            out[row, 9] = peak / absolute
            out[row, 10] = peak / (root * root)


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    line = np.linspace(0.0, 1.0, 4)
    return [
        ("features_update", lambda: features_update(line, 0.0, np.zeros(STATE))),
        ("features_settle", lambda: features_settle(np.zeros(STATE))),
        ("features_merge", lambda: features_merge(np.zeros(STATE), np.zeros(STATE))),
        ("features_values", lambda: features_values(np.zeros((2, STATE)), np.zeros((2, len(VALUES))))),
        ("features_batch", lambda: features_batch(line.reshape(2, 2), 0.0, np.zeros((2, STATE)))),
    ]
