"""Induction motors from the textbook: simulated step by step, solved exactly, and measured slowly."""

import cmath
import math

import numpy as np

TURN = cmath.exp(2j * math.pi / 3)

# Phase-model constants: inverse-Γ machine of 2.2 kW and T machine of 15 kW, both 400 V, 50 Hz, two pole pairs
M2K2 = {"Rs": 3.7, "Rr": 2.1, "Ls": 0.245, "Lr": 0.224, "Lm": 0.224}
M15 = {"Rs": 0.2147, "Rr": 0.2205, "Ls": 0.065181, "Lr": 0.065181, "Lm": 0.06419}
PAIRS = 2
SUPPLY_HZ = 50.0
VOLTS = 400.0 * math.sqrt(2.0 / 3.0)


def broken(motor, bars_broken, bars):
    """Extra resistance of the one equivalent rotor phase."""
    return motor["Rr"] * 3 * bars_broken / (bars - 3 * bars_broken)


def sidebands_at_constant_speed(motor, slip, bars_broken, bars):
    """Lower sideband over fundamental: the two-frequency solution, four complex equations."""
    Rs, Rr, Ls, Lr, Lm = (motor[key] for key in ("Rs", "Rr", "Ls", "Lr", "Lm"))
    w = 2 * math.pi * SUPPLY_HZ
    d = broken(motor, bars_broken, bars) / 3
    low = (1 - 2 * slip) * w
    # unknowns: i_s and i_r at w, then the conjugates of i_s and i_r at (1-2s) w
    equations = np.array(
        [
            [Rs + 1j * w * Ls, 1j * w * Lm, 0, 0],
            [1j * slip * w * Lm, Rr + d + 1j * slip * w * Lr, 0, d],
            [0, 0, Rs - 1j * low * Ls, -1j * low * Lm],
            [0, d, 1j * slip * w * Lm, Rr + d + 1j * slip * w * Lr],
        ]
    )
    solution = np.linalg.solve(equations, np.array([VOLTS, 0, 0, 0]))
    return abs(solution[2]) / abs(solution[0])


def simulate(motor, *, inertia, load_nm, seconds, bars_broken=0, bars=28, swing=0.0, swing_hz=0.0, negative=0.0):
    """Current and voltage space vectors and shaft speed [Hz], 2000 a second, after two seconds of settling.

    Fourth-order Runge-Kutta on stator flux, rotor flux, speed and angle; negative is V2 [V].
    """
    Rs, Rr, Ls, Lr, Lm = (motor[key] for key in ("Rs", "Rr", "Ls", "Lr", "Lm"))
    det = Ls * Lr - Lm * Lm
    w = 2 * math.pi * SUPPLY_HZ
    third = broken(motor, bars_broken, bars) / 3
    step = 5e-4

    def supply(t):
        return VOLTS * cmath.exp(1j * w * t) + negative * cmath.exp(-1j * w * t + 0.5j)

    def rates(t, a, b, speed, angle):
        i_s = (Lr * a - Lm * b) / det
        i_r = (Ls * b - Lm * a) / det
        drop = Rr * i_r
        if third:
            drop += third * (i_r + cmath.exp(2j * PAIRS * angle) * i_r.conjugate())
        torque = 1.5 * PAIRS * (a.conjugate() * i_s).imag
        load = load_nm * (1 + swing * math.cos(2 * math.pi * swing_hz * t))
        return supply(t) - Rs * i_s, -drop + 1j * PAIRS * speed * b, (torque - load) / inertia, speed

    state = (0j, 0j, 0.96 * w / PAIRS, 0.0)
    settle, count = 4000, int(seconds / step)
    current, voltage, speed = np.empty(count, complex), np.empty(count, complex), np.empty(count)
    for n in range(settle + count):
        t = n * step
        if n >= settle:
            current[n - settle] = (Lr * state[0] - Lm * state[1]) / det
            voltage[n - settle] = supply(t)
            speed[n - settle] = state[2] / (2 * math.pi)
        k1 = rates(t, *state)
        k2 = rates(t + step / 2, *(x + step / 2 * k for x, k in zip(state, k1, strict=True)))
        k3 = rates(t + step / 2, *(x + step / 2 * k for x, k in zip(state, k2, strict=True)))
        k4 = rates(t + step, *(x + step * k for x, k in zip(state, k3, strict=True)))
        state = tuple(
            x + step / 6 * (a + 2 * b + 2 * c + d) for x, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)
        )
    return current, voltage, speed


def phases(vector):
    """Three phase quantities of a space vector without zero sequence."""
    return np.array([(vector * TURN**-k).real for k in range(3)])


def unbalanced(t, hz, positive, negative=0.0, zero=0.0):
    """Three phases with given (complex, peak) symmetrical components."""
    turn = np.exp(2j * np.pi * hz * t)
    return np.array([((positive * TURN**-k + negative * TURN**k + zero) * turn).real for k in range(3)])


def components(x, rate_hz, hz):
    """Positive, negative, zero sequence by Fortescue's definition, from Hann-weighted Fourier sums."""
    n = len(x[0])
    total = sum(0.5 - 0.5 * math.cos(2 * math.pi * m / n) for m in range(n))
    a, b, c = (
        2
        / total
        * sum(
            value * (0.5 - 0.5 * math.cos(2 * math.pi * m / n)) * cmath.exp(-2j * math.pi * hz * m / rate_hz)
            for m, value in enumerate(row)
        )
        for row in x
    )
    return (a + TURN * b + TURN**2 * c) / 3, (a + TURN**2 * b + TURN * c) / 3, (a + b + c) / 3


def tone_amplitudes(x, rate_hz, freq_hz):
    """Least squares of cosines and sines in the time domain."""
    t = np.arange(x.size) / rate_hz
    columns = [f(2 * np.pi * hz * t) for hz in freq_hz for f in (np.cos, np.sin)]
    solution = np.linalg.lstsq(np.array(columns).T, x, rcond=None)[0]
    return np.hypot(solution[0::2], solution[1::2])


def slot_scores(prominence, bins_per_f1, slips, bars_per_pair, signs, counted, ceiling):
    """Decibels beyond chance of every slot line of every number of bars, summed one at a time."""
    best, which = [], []
    for slip in slips:
        sums = []
        for bars in bars_per_pair:
            orders = [bars * (1 - slip) + sign for sign in signs]
            places = [math.floor(order * bins_per_f1 + 0.5) for order in orders if order > 3]
            shown = [prominence[place] for place in places if place < 0.95 * len(prominence)]
            sums.append(sum(min(db, ceiling) - counted for db in shown if db > counted))
        best.append(max(sums))
        which.append(sums.index(max(sums)))
    return best, which
