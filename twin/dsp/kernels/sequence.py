"""Fundamental phasors of three phases in half-overlapping windows, sample by sample."""

import numpy as np

from twin.dsp.kernel import kernel


@kernel
def sequence_windows(x, table, sums, position, out):
    """Add samples x[3, n] to two windows that lie half a window apart; out[k] is each finished one.

    table holds window times exp(-j w t) from the window's start. sums[2, 3] and position[2] are the state; a
    negative position waits. out[k, :] = positive, negative, zero sequence (Fortescue 1918). Returns how many
    rows were filled. NaN spoils the windows it falls into and no other.
    """
    turn = complex(-0.5, np.sqrt(0.75))
    back = complex(-0.5, -np.sqrt(0.75))
    filled = 0
    for n in range(x.shape[1]):
        for w in range(2):
            at = position[w]
            if at >= 0:
                factor = table[at]
                for phase in range(3):
                    sums[w, phase] += factor * x[phase, n]
            position[w] = at + 1
            if at + 1 == table.shape[0]:
                a, b, c = sums[w, 0], sums[w, 1], sums[w, 2]
                out[filled, 0] = (a + turn * b + back * c) / 3.0
                out[filled, 1] = (a + back * b + turn * c) / 3.0
                out[filled, 2] = (a + b + c) / 3.0
                filled += 1
                position[w] = 0
                for phase in range(3):
                    sums[w, phase] = 0.0
    return filled


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    table = np.ones(4, dtype=np.complex128)
    state = np.zeros((2, 3), dtype=np.complex128), np.array([0, -2])
    out = np.empty((4, 3), dtype=np.complex128)
    return [("sequence_windows", lambda: sequence_windows(np.zeros((3, 4)), table, state[0], state[1], out))]
