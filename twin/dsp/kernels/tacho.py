"""Edges of a tacho or encoder signal."""

import numpy as np

from twin.dsp.kernel import kernel

# state: 0 samples seen, 1 the last of them, 2 armed (the signal has been below `low` since the last edge)


@kernel
def rising_edges(x, low, high, state, out):
    """Write where x rises through `high`, in samples since the stream began; return how many there were.

    An edge counts only after the signal was below `low` (hysteresis). NaN has no level: an edge that falls into
    it has no instant and is not reported. out must hold x.size // 2 + 1 values.
    """
    seen = state[0]
    last = state[1]
    armed = state[2]
    found = 0
    for i in range(x.shape[0]):
        value = x[i]
        if value < low:
            armed = 1.0
        elif value >= high and armed > 0.0:
            if not np.isnan(last):
                out[found] = seen - (value - high) / (value - last)
                found += 1
            armed = 0.0
        last = value
        seen += 1.0
    state[0] = seen
    state[1] = last
    state[2] = armed
    return found


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    return [("rising_edges", lambda: rising_edges(np.linspace(0.0, 1.0, 4), 0.2, 0.8, np.zeros(3), np.empty(3)))]
