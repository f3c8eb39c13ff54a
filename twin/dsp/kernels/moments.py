"""Central moments in one pass, and the merge of two such results."""

import numpy as np

from twin.dsp.kernel import kernel

# state: 0 count, 1 mean, 2 M2, 3 M3, 4 M4, 5 minimum, 6 maximum, 7 readings that were NaN


@kernel
def moments_update(x, state):
    """Add the samples of x; NaN means "no reading" and is counted, never averaged."""
    n = state[0]
    mean = state[1]
    m2 = state[2]
    m3 = state[3]
    m4 = state[4]
    low = state[5]
    high = state[6]
    for i in range(x.shape[0]):
        value = x[i]
        if np.isnan(value):
            state[7] += 1.0
            continue
        # Pébay, SAND2008-6212, eqs. 2.1, 3.1 with one new sample
        before = n
        n += 1.0
        delta = value - mean
        step = delta / n
        step2 = step * step
        term = delta * step * before
        mean += step
        m4 += term * step2 * (n * n - 3.0 * n + 3.0) + 6.0 * step2 * m2 - 4.0 * step * m3
        m3 += term * step * (n - 2.0) - 3.0 * step * m2
        m2 += term
        low = min(low, value)
        high = max(high, value)
    state[0] = n
    state[1] = mean
    state[2] = m2
    state[3] = m3
    state[4] = m4
    state[5] = low
    state[6] = high


@kernel
def moments_merge(left, right, out):
    """Join the moments of two disjoint pieces; out may be left itself."""
    na = left[0]
    nb = right[0]
    n = na + nb
    nans = left[7] + right[7]
    low = min(left[5], right[5])
    high = max(left[6], right[6])
    if n == 0.0:
        out[7] = nans
        return
    # Chan et al. 1979; Pébay eqs. 2.1, 3.1
    delta = right[1] - left[1]
    d_n = delta / n
    m2 = left[2] + right[2] + delta * d_n * na * nb
    m3 = left[3] + right[3] + delta * d_n * d_n * na * nb * (na - nb) + 3.0 * d_n * (na * right[2] - nb * left[2])
    m4 = (
        left[4]
        + right[4]
        + delta * d_n * d_n * d_n * na * nb * (na * na - na * nb + nb * nb)
        + 6.0 * d_n * d_n * (na * na * right[2] + nb * nb * left[2])
        + 4.0 * d_n * (na * right[3] - nb * left[3])
    )
    mean = left[1] + d_n * nb
    out[0] = n
    out[1] = mean
    out[2] = m2
    out[3] = m3
    out[4] = m4
    out[5] = low
    out[6] = high
    out[7] = nans


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    return [
        ("moments_update", lambda: moments_update(np.linspace(0.0, 1.0, 4), np.zeros(8))),
        ("moments_merge", lambda: moments_merge(np.ones(8), np.ones(8), np.ones(8))),
    ]
