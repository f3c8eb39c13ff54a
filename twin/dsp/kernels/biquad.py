"""Second-order sections in cascade, direct form II transposed."""

import numpy as np

from twin.dsp.kernel import kernel


@kernel
def biquad_cascade(sos, state, x, out):
    """Filter x through every section; state[s] carries the two delays of section s from block to block."""
    sections = sos.shape[0]
    for i in range(x.shape[0]):
        value = x[i]
        for s in range(sections):
            # Oppenheim & Schafer, Discrete-Time Signal Processing, fig. 6.15: transposed direct form II
            y = sos[s, 0] * value + state[s, 0]
            state[s, 0] = sos[s, 1] * value - sos[s, 4] * y + state[s, 1]
            state[s, 1] = sos[s, 2] * value - sos[s, 5] * y
            value = y
        out[i] = value


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    line = np.linspace(0.0, 1.0, 4)
    return [("biquad_cascade", lambda: biquad_cascade(np.ones((1, 6)), np.zeros((1, 2)), line, line.copy()))]
