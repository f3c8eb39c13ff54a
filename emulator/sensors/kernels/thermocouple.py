"""The electromotive force of thermocouples, and the temperature that a voltage means."""

import math

from emulator.kernel import kernel


@kernel
def emf(table, split, bell, t):
    """Return E(t) [mV] with the reference junction at 0 °C, and its slope [mV/K], at `t` [°C].

    table float64[2, m] : coefficients below and above `split` [°C], ascending powers, padded with 0
    bell float64[3] : a0, a1, a2 of the term a0·exp(a1·(t − a2)²) above 0 °C; a0 = 0 for none
    """
    row = 0 if t < split else 1
    value = 0.0
    slope = 0.0
    for i in range(table.shape[1] - 1, -1, -1):
        slope = slope * t + value
        value = value * t + table[row, i]
    if bell[0] != 0.0 and t > 0.0:
        d = t - bell[2]
        extra = bell[0] * math.exp(bell[1] * d * d)
        value += extra
        slope += 2.0 * bell[1] * d * extra
    return value, slope


@kernel
def temperature(table, split, bell, low, high, mv):
    """Return the temperature [°C] in [low, high] at which the table gives `mv`; the nearer end beyond it.

    Newton, kept inside a bracket that halves when a step would leave it.
    """
    a, b = low, high
    if mv <= emf(table, split, bell, a)[0]:
        return a
    if mv >= emf(table, split, bell, b)[0]:
        return b
    t = 0.5 * (a + b)
    for _ in range(80):
        value, slope = emf(table, split, bell, t)
        if value > mv:
            b = t
        else:
            a = t
        step = (mv - value) / slope if slope > 0.0 else b - a
        guess = t + step
        if not a < guess < b:
            guess = 0.5 * (a + b)
        if abs(guess - t) < 1e-9:
            return guess
        t = guess
    return t
