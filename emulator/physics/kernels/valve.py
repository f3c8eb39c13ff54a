"""Pneumatic diaphragm actuator against its spring and a stem with friction.

    m ẍ = p A - k_s (x + x0) - c ẋ - F_friction - F_flow        d(p V)/dt = R T ṁ,  V = V0 + A x

Between the moments at which the stem sticks, breaks loose or meets a stop the equations are smooth and stepped by
Runge and Kutta's fourth-order rule; those moments are found inside the step by halving.
"""

import math

import numpy as np

from emulator.kernel import kernel

GAS_J_KG_K = 287.05
# s: float64[6] position [m], speed [m/s], absolute pressure [Pa], mode (0 stuck, ±1 sliding), … · p: float64[16]
S_X, S_V, S_P, S_MODE = range(4)
(
    V_MASS, V_AREA, V_SPRING, V_PRELOAD, V_STROKE, V_VISCOUS, V_COULOMB, V_STATIC, V_VOLUME, V_SUPPLY, V_AIR,
    V_TEMPERATURE, V_FILL, V_VENT, V_FLOW_FORCE,
) = range(15)  # fmt: skip
STATE_SIZE, PARAMETER_SIZE = 4, 15


@kernel
def orifice(upstream, downstream, conductance, temperature):
    """Return the mass flow [kg/s] of air through an orifice of effective section [m²], choked below 0.528."""
    if upstream <= downstream or conductance <= 0.0:
        return 0.0
    ratio = downstream / upstream
    psi = 0.6847
    if ratio >= 0.5283:
        psi = math.sqrt(max(7.0 * (ratio ** (2.0 / 1.4) - ratio ** (2.4 / 1.4)), 0.0))
    return conductance * upstream * psi / math.sqrt(GAS_J_KG_K * temperature)


@kernel
def air_flow(pressure, spool, p):
    """Return the mass flow [kg/s] into the chamber for a spool position -1 … 1."""
    if spool >= 0.0:
        return orifice(p[V_SUPPLY], pressure, spool * p[V_FILL], p[V_TEMPERATURE])
    return -orifice(pressure, p[V_AIR], -spool * p[V_VENT], p[V_TEMPERATURE])


@kernel
def net_force(x, v, pressure, p):
    """Return the force on the stem without dry friction [N]."""
    return (pressure - p[V_AIR]) * p[V_AREA] - p[V_SPRING] * (x + p[V_PRELOAD]) - p[V_VISCOUS] * v - p[V_FLOW_FORCE]


@kernel
def _slopes(x, v, pressure, mode, spool, p, out):
    volume = p[V_VOLUME] + p[V_AREA] * x
    gas = GAS_J_KG_K * p[V_TEMPERATURE] * air_flow(pressure, spool, p)
    if mode == 0.0:
        out[0] = out[1] = 0.0
        out[2] = gas / volume
        return
    out[0] = v
    out[1] = (net_force(x, v, pressure, p) - mode * p[V_COULOMB]) / p[V_MASS]
    out[2] = (gas - pressure * p[V_AREA] * v) / volume


@kernel
def _rk4(dt, s, spool, p, new, k1, k2, k3, k4):
    mode = s[S_MODE]
    _slopes(s[0], s[1], s[2], mode, spool, p, k1)
    h = 0.5 * dt
    _slopes(s[0] + h * k1[0], s[1] + h * k1[1], s[2] + h * k1[2], mode, spool, p, k2)
    _slopes(s[0] + h * k2[0], s[1] + h * k2[1], s[2] + h * k2[2], mode, spool, p, k3)
    _slopes(s[0] + dt * k3[0], s[1] + dt * k3[1], s[2] + dt * k3[2], mode, spool, p, k4)
    for i in range(3):
        new[i] = s[i] + dt / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
    new[S_MODE] = mode


@kernel
def _event(new, p):
    """Return whether the state has passed a moment at which the equations change."""
    if new[S_MODE] == 0.0:
        f = net_force(new[S_X], 0.0, new[S_P], p)
        if new[S_X] <= 0.0:
            return f > p[V_STATIC]  # on the lower stop: only upwards
        if new[S_X] >= p[V_STROKE]:
            return f < -p[V_STATIC]
        return abs(f) > p[V_STATIC]
    return new[S_V] * new[S_MODE] < 0.0 or new[S_X] < 0.0 or new[S_X] > p[V_STROKE]


@kernel
def _change(s, p):
    """Go over to the equations that hold from here."""
    if s[S_MODE] == 0.0:
        s[S_MODE] = 1.0 if net_force(s[S_X], 0.0, s[S_P], p) > 0.0 else -1.0
        return
    s[S_X] = min(max(s[S_X], 0.0), p[V_STROKE])
    s[S_V] = 0.0
    s[S_MODE] = 0.0
    if _event(s, p):  # the force is beyond what holds it: it turns round without a rest
        s[S_MODE] = 1.0 if net_force(s[S_X], 0.0, s[S_P], p) > 0.0 else -1.0


@kernel
def stroke(dt, inner, s, spool, p):
    """Advance the state by ``dt`` [s] in ``inner`` steps with the spool held; return the number of events."""
    new, k1, k2, k3, k4 = np.empty(STATE_SIZE), np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    events = 0
    for _ in range(inner):
        left = dt / inner
        for _again in range(20):
            _rk4(left, s, spool, p, new, k1, k2, k3, k4)
            if not _event(new, p):
                s[:] = new
                break
            low, high = 0.0, left
            for _halving in range(40):
                middle = 0.5 * (low + high)
                _rk4(middle, s, spool, p, new, k1, k2, k3, k4)
                if _event(new, p):
                    high = middle
                else:
                    low = middle
                if high - low < 1e-12:
                    break
            _rk4(high, s, spool, p, new, k1, k2, k3, k4)
            s[:] = new
            _change(s, p)
            events += 1
            left -= high
            if left <= 0.0:
                break
    return events
