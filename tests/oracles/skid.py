"""Pump, circuit and motor from the book: closed forms and scipy, nothing of the plant's."""

import cmath
import math

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

G = 9.80665
RHO = 998.207
N0 = 1450.0 * math.pi / 30.0
PHASE = 400.0 / math.sqrt(3.0)
QB, HB, H0, A2, ETA = 80.0 / 3600.0, 32.0, 40.0, 16200.0, 0.76


def operating_point(n_r, static=10.0, k=44550.0, wear=0.0):
    """Return (Q m³/h, H m, P W) of curve ∩ system; the leak by plain bisection."""
    h0 = H0 * (1.0 - 0.15 * wear)

    def impeller(q):
        if wear == 0.0:
            return q

        def excess(qi):
            return qi - q - 0.12 * wear * QB * math.sqrt(max(h0 * n_r**2 - A2 * qi**2, 0.0) / HB)

        return brentq(excess, q, q + 0.2 * QB, xtol=1e-16)

    if h0 * n_r**2 <= static:
        return 0.0, h0 * n_r**2, shaft_power(n_r, 0.0, h0 * n_r**2)
    q = brentq(lambda q: h0 * n_r**2 - A2 * impeller(q) ** 2 - static - k * q * q, 0.0, 0.1, xtol=1e-16)
    head = static + k * q * q
    return 3600.0 * q, head, shaft_power(n_r, impeller(q), head)


def shaft_power(n_r, q_i, head):
    """P = ρ g Q_i H/η with η = η_b (2x - x²), in the form that is finite at Q = 0."""
    x = q_i / (n_r * QB)
    return RHO * G * n_r * QB * head / (ETA * (2.0 - x))


def machine(voltage, hz, p, rs, rr, ls, lr, lm, slip):
    """Solve the stationary machine's two flux equations as a linear system.

    (I_s, I_r, torque), rms phasors.
    """
    we = 2.0 * math.pi * hz
    a = np.array([[rs + 1j * we * ls, 1j * we * lm], [1j * slip * we * lm, rr + 1j * slip * we * lr]])
    i_s, i_r = np.linalg.solve(a, np.array([voltage, 0.0]))
    torque = 3.0 * p * lm * (i_s * np.conj(i_r)).imag
    return i_s, i_r, torque


def skid(voltage=PHASE, hz=50.0):
    """Solve motor M15 on the pump at 20 °C: the published coupled anchor."""
    par = (2, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3)
    b = 0.009541

    def excess(s):
        w = (1.0 - s) * math.pi * hz
        return machine(voltage, hz, *par, s)[2] * w - b * w * w - operating_point(w / N0)[2]

    s = brentq(excess, 1e-4, 0.05, xtol=1e-16)
    w = (1.0 - s) * math.pi * hz
    i_s, i_r, _ = machine(voltage, hz, *par, s)
    q, h, shaft = operating_point(w / N0)
    p_in = 3.0 * voltage * i_s.real
    return {
        "slip": s, "rpm": w * 30 / math.pi, "flow_m3_h": q, "head_m": h, "shaft_w": shaft,
        "electrical_w": p_in, "current_a": abs(i_s), "power_factor": p_in / (3 * voltage * abs(i_s)),
        "stator_w": 3 * abs(i_s) ** 2 * par[1], "rotor_w": 3 * abs(i_r) ** 2 * par[2],
        "friction_w": b * w * w,
    }  # fmt: skip


def direct_start(par, inertia, friction, load, seconds, times):
    """Integrate a start on the mains in the *stationary* frame with scipy: speeds [rad/s] at `times`."""
    p, rs, rr, ls, lr, lm = par
    u = 400.0 * math.sqrt(2.0 / 3.0)
    d = 1.0 / (ls * lr - lm * lm)

    def rates(t, y):
        ps, pr, w = complex(y[0], y[1]), complex(y[2], y[3]), y[4]
        i_s, i_r = (lr * ps - lm * pr) * d, (ls * pr - lm * ps) * d
        dps = u * cmath.exp(1j * 2 * math.pi * 50 * t) - rs * i_s
        dpr = -rr * i_r + 1j * p * w * pr
        torque = 1.5 * p * (ps.conjugate() * i_s).imag
        return [dps.real, dps.imag, dpr.real, dpr.imag, (torque - load * w - friction * w) / inertia]

    out = solve_ivp(rates, (0.0, seconds), [0.0] * 5, method="DOP853", rtol=1e-10, atol=1e-10, t_eval=times)
    return out.y[4]


def coupled_start(inertance, seconds, times, static=10.0, k=44550.0):
    """Start of motor M15 with the pump on the mains, water at rest: speed [rad/s], flow [m³/s] at `times`.

    Stationary frame, all of it one system for scipy; the pump without cavitation, the check valve as a bound.
    """
    p, rs, rr, ls, lr, lm = 2, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3
    u = PHASE * math.sqrt(2.0)
    d = 1.0 / (ls * lr - lm * lm)

    def rates(t, y):
        ps, pr, w, q = complex(y[0], y[1]), complex(y[2], y[3]), y[4], max(y[5], 0.0)
        i_s, i_r = (lr * ps - lm * pr) * d, (ls * pr - lm * ps) * d
        dps = u * cmath.exp(1j * 2 * math.pi * 50 * t) - rs * i_s
        dpr = -rr * i_r + 1j * p * w * pr
        n_r = w / N0
        head = H0 * n_r**2 - A2 * q * q
        load = shaft_power(n_r, q, head) / w if w > 1e-6 and head > 0 and q < 1.9 * n_r * QB else 0.0
        dq = G / inertance * (head - static - k * q * q)
        torque = 1.5 * p * (ps.conjugate() * i_s).imag
        accelerated = (torque - load - 0.009541 * w) / 0.202
        return [dps.real, dps.imag, dpr.real, dpr.imag, accelerated, dq if y[5] > 0 or dq > 0 else 0.0]

    out = solve_ivp(
        rates, (0.0, seconds), [0.0] * 6, method="DOP853", rtol=1e-8, atol=1e-10, t_eval=times, max_step=2e-3
    )
    return out.y[4], np.maximum(out.y[5], 0.0)
