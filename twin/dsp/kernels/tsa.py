"""Running mean of what repeats with every turn of a shaft."""

import numpy as np

from twin.dsp.kernel import kernel

# sums: row 0 mean, 1 mean square, 2 readings seen, 3 sum of squared weights


@kernel
def synchronous_average(x, position, least_weight, sums):
    """Add samples at equal angles to the means of their places in the turn; return the next place.

    The n-th reading of a place weighs max(1/n, least_weight): 0 gives the block mean, more an exponential one.
    NaN is skipped: its place has one reading less.
    """
    size = sums.shape[1]
    for i in range(x.shape[0]):
        value = x[i]
        if not np.isnan(value):
            seen = sums[2, position] + 1.0
            weight = max(1.0 / seen, least_weight)
            sums[0, position] += weight * (value - sums[0, position])
            sums[1, position] += weight * (value * value - sums[1, position])
            sums[2, position] = seen
            # a mean with weights w has the variance of one reading times sum w² (independent readings)
            sums[3, position] = (1.0 - weight) * (1.0 - weight) * sums[3, position] + weight * weight
        position += 1
        if position == size:
            position = 0
    return position


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    return [("synchronous_average", lambda: synchronous_average(np.zeros(8), 0, 0.0, np.zeros((4, 4))))]
