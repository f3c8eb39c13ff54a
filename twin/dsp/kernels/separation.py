"""Self-adaptive noise cancellation: a normalised LMS predictor from the delayed past."""

import numpy as np

from twin.dsp.kernel import kernel

# state[c]: 0 energy of the reference, 1 position in the ring, 2 largest energy since it was summed afresh


@kernel
def _energy(values):
    total = 0.0
    for j in range(values.shape[0]):
        total += values[j] * values[j]
    return total


@kernel
def sanc(x, step, weights, history, state, deterministic, random):
    """Predict every sample from the ones at least `delay` earlier; what cannot be predicted is random.

    x, deterministic, random : [channels, n]; weights : [channels, taps]; history : [channels, 2(delay+taps-1)],
    a ring written twice so that the past always lies in one piece; state : [channels, 3].
    """
    taps = weights.shape[1]
    span = history.shape[1] // 2
    whole = taps // 8 * 8
    for c in range(x.shape[0]):
        w = weights[c]
        ring = history[c]
        energy = state[c, 0]
        at = int(state[c, 1])
        peak = state[c, 2]
        for i in range(x.shape[1]):
            past = ring[at : at + taps]
            if at == 0 or energy < 1e-6 * peak:
                # the running sum collects rounding; where it sums afresh depends on the samples alone
                energy = _energy(past)
                peak = energy
            # eight sums without fastmath: the order of additions is fixed, and still they fill SIMD lanes
            s0 = 0.0
            s1 = 0.0
            s2 = 0.0
            s3 = 0.0
            s4 = 0.0
            s5 = 0.0
            s6 = 0.0
            s7 = 0.0
            for j in range(0, whole, 8):
                s0 += w[j] * past[j]
                s1 += w[j + 1] * past[j + 1]
                s2 += w[j + 2] * past[j + 2]
                s3 += w[j + 3] * past[j + 3]
                s4 += w[j + 4] * past[j + 4]
                s5 += w[j + 5] * past[j + 5]
                s6 += w[j + 6] * past[j + 6]
                s7 += w[j + 7] * past[j + 7]
            for j in range(whole, taps):
                s0 += w[j] * past[j]
            predicted = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
            value = x[c, i]
            deterministic[c, i] = predicted
            random[c, i] = value - predicted
            if np.isfinite(value):
                if energy > 0.0:
                    # Haykin, Adaptive Filter Theory, 4th ed., ch. 6: w += step e u / |u|²
                    gain = step * (value - predicted) / energy
                    for j in range(taps):
                        w[j] += gain * past[j]
            else:
                value = 0.0
            dropped = ring[at]
            ring[at] = value
            ring[at + span] = value
            energy += ring[at + taps] * ring[at + taps] - dropped * dropped
            peak = max(peak, energy)
            at += 1
            if at == span:
                at = 0
        state[c, 0] = energy
        state[c, 1] = at
        state[c, 2] = peak


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    x = np.ones((1, 4))
    return [
        (
            "sanc",
            lambda: sanc(x, 0.01, np.zeros((1, 2)), np.zeros((1, 6)), np.zeros((1, 3)), x.copy(), x.copy()),
        )
    ]
