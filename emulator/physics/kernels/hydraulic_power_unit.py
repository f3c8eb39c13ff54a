"""Pressures, accumulator, relief valve, spool and cylinder of a hydraulic power unit, in steps of 0.1 ms.

Flows Q [m³/s] count oil at tank pressure, so that they add up: a volume V at gauge pressure p holds W = V(1 + p/β),
dp/dt = (β/V)(ΣQ - (1 + p/β) dV/dt). Oil carries h = β ln(1 + p/β) [J/m³] and holds e = h - p/(1 + p/β); an opening
from 1 to 2 turns Q(h1 - h2) into heat. With these every joule is accounted for.

β/V is stiff: the five pressures and the gas volume step with ROS2 (Verwer, Spee, Blom, Hundsdorfer 1999, SIAM J. Sci.
Comput. 20:1456, eq. 5.7), γ = 1 - 1/√2, L-stable and of second order for any Jacobian, so that what is slow goes
with J = 0 (Heun). The spool is linear and stepped exactly. Openings of the relief valve and the cylinder's stops are
located inside the step.
"""

import math

import numpy as np

from emulator.kernel import kernel

# state: float64[10]
(S_PUMP, S_SUPPLY, S_CAP, S_ROD, S_RETURN, S_GAS_M3, S_GAS_0, S_PLACE, S_SPEED, S_RELIEF) = range(10)
STATE_SIZE = 10

# parameters: float64[P_SIZE]
(
    P_BETA, P_V_PUMP, P_V_SUPPLY, P_V_CAP, P_V_ROD, P_V_RETURN, P_AREA_CAP, P_AREA_ROD, P_STROKE, P_MASS, P_VISCOUS,
    P_COULOMB, P_CONTACT, P_STIFFNESS, P_LEAK, P_FLOW, P_FILTER, P_VALVE, P_OVERLAP, P_NULL, P_NECK, P_RETURN,
    P_CROSS, P_PISTON, P_MAKE_UP, P_OPEN, P_CLOSE, P_FULL, P_RELIEF, P_RELIEF_TAU, P_GAS_MR, P_GAS_TAU, P_GAS_WALL,
    P_GAS_V0, P_AIR, P_SPOOL_W, P_SPOOL_Z, P_TARGET,
) = range(38)  # fmt: skip
P_SIZE = 38

# mode: int64[3]
(M_RELIEF, M_HELD, M_EVENTS) = range(3)
MODE_SIZE = 3
TIMES_SIZE = 256

# sums: float64[10], integrals over time
(
    I_PRESSURE, I_FLUID, I_HEAT, I_GAS_HEAT, I_LOAD, I_NET, I_FILTER, I_DRAWN, I_RETURNED, I_RELIEF,
) = range(10)  # fmt: skip
SUMS_SIZE = 10

# slopes dQ/dp of the openings: float64[12]
(
    G_PUMP, G_FILTER, G_NECK, G_PA, G_PB, G_AT, G_BT, G_CROSS, G_RETURN, G_CAP_UP, G_ROD_UP, G_DRAW,
) = range(12)  # fmt: skip

GAMMA = 1.0 - math.sqrt(0.5)
KAPPA = 1.4
TRANSITION_PA = 2e4  # below it an orifice is laminar: the square root has no finite slope at rest
CREEP_M_S = 0.005
STOP_SHARE = 0.01  # of the gas volume: the accumulator's poppet closes over the last of its oil
LOCATED_S = 1e-10


@kernel
def orifice(drop, k):
    """Return flow k·√Δp with the sign of Δp [m³/s], and its slope; smooth through zero."""
    square = drop * drop
    q = square + TRANSITION_PA * TRANSITION_PA
    root = math.sqrt(math.sqrt(q))
    return k * drop / root, k / root * (1.0 - 0.5 * square / q)


@kernel
def spool(x, v, target, w, z, h):
    """Return position and speed of a second-order spool (ζ < 1) after ``h`` [s] with a constant target."""
    wd = w * math.sqrt(1.0 - z * z)
    e, c, s = math.exp(-z * w * h), math.cos(wd * h), math.sin(wd * h)
    d = x - target
    b = (v + z * w * d) / wd
    return target + e * (d * c + b * s), e * (v * c - (z * w * b + wd * d) * s)


@kernel
def gas_temperature(s, p):
    """Return the temperature of the accumulator's gas [K]; the state is what it would have, let out at once to V0."""
    return s[S_GAS_0] * (p[P_GAS_V0] / s[S_GAS_M3]) ** (KAPPA - 1.0)


@kernel
def gas_pressure(s, p):
    """Return the gauge pressure of the accumulator's gas [Pa]."""
    return p[P_GAS_MR] * gas_temperature(s, p) / s[S_GAS_M3] - p[P_AIR]


@kernel
def load_force(place, p):
    """Return what the work piece pushes back with [N]."""
    return p[P_STIFFNESS] * max(place - p[P_CONTACT], 0.0)


@kernel
def _head(pressure, beta):
    return beta * math.log1p(pressure / beta)


@kernel
def rates(s, x, mode, p, f, g, w):
    """Fill `f` with ds/dt, `g` with the slopes of the openings and `w` with the rates of the sums."""
    beta = p[P_BETA]
    pp, ps, pa, pb, pr = s[S_PUMP], s[S_SUPPLY], s[S_CAP], s[S_ROD], s[S_RETURN]
    draws, slope_draws = 0.0, 0.0
    if pp < 0.0:  # suction side of a pump that is not filled
        draws, slope_draws = orifice(-pp, p[P_MAKE_UP])
    net = p[P_FLOW] - p[P_LEAK] * pp
    relief, slope_relief = 0.0, 0.0
    if pp > 0.0:
        relief, slope_relief = orifice(pp, p[P_RELIEF] * s[S_RELIEF])
    g[G_PUMP], g[G_DRAW] = p[P_LEAK] + slope_relief, slope_draws
    through = 0.0
    g[G_FILTER] = 0.0
    if pp > ps:  # check valve behind the filter
        through = p[P_FILTER] * (pp - ps)
        g[G_FILTER] = p[P_FILTER]
    gas_k = gas_temperature(s, p)
    pg = p[P_GAS_MR] * gas_k / s[S_GAS_M3] - p[P_AIR]
    neck = p[P_NECK]
    if ps < pg:
        neck *= min(max((p[P_GAS_V0] - s[S_GAS_M3]) / (STOP_SHARE * p[P_GAS_V0]), 0.0), 1.0)
    charge, g[G_NECK] = orifice(ps - pg, neck)
    opening = max(abs(x) - p[P_OVERLAP], 0.0) / (1.0 - p[P_OVERLAP])
    ahead = p[P_VALVE] * (p[P_NULL] + (opening if x > 0.0 else 0.0))
    back = p[P_VALVE] * (p[P_NULL] + (opening if x < 0.0 else 0.0))
    to_cap, g[G_PA] = orifice(ps - pa, ahead)
    rod_out, g[G_BT] = orifice(pb - pr, ahead)
    to_rod, g[G_PB] = orifice(ps - pb, back)
    cap_out, g[G_AT] = orifice(pa - pr, back)
    cross, g[G_CROSS] = orifice(pa - pb, p[P_CROSS])
    cross += p[P_PISTON] * (pa - pb)
    g[G_CROSS] += p[P_PISTON]
    home, g[G_RETURN] = orifice(pr, p[P_RETURN])
    cap_up, g[G_CAP_UP], rod_up, g[G_ROD_UP] = 0.0, 0.0, 0.0, 0.0
    if pa < 0.0:
        cap_up, g[G_CAP_UP] = orifice(-pa, p[P_MAKE_UP])
    if pb < 0.0:
        rod_up, g[G_ROD_UP] = orifice(-pb, p[P_MAKE_UP])
    v = s[S_SPEED] if mode[M_HELD] == 0 else 0.0
    cap_m3 = p[P_V_CAP] + p[P_AREA_CAP] * s[S_PLACE]
    rod_m3 = p[P_V_ROD] + p[P_AREA_ROD] * (p[P_STROKE] - s[S_PLACE])
    f[S_PUMP] = beta / p[P_V_PUMP] * (net + draws - relief - through)
    f[S_SUPPLY] = beta / p[P_V_SUPPLY] * (through - charge - to_cap - to_rod)
    f[S_CAP] = beta / cap_m3 * (to_cap - cap_out - cross + cap_up - (1.0 + pa / beta) * p[P_AREA_CAP] * v)
    f[S_ROD] = beta / rod_m3 * (to_rod - rod_out + cross + rod_up + (1.0 + pb / beta) * p[P_AREA_ROD] * v)
    f[S_RETURN] = beta / p[P_V_RETURN] * (cap_out + rod_out - home)
    cooling = (gas_k - p[P_GAS_WALL]) / p[P_GAS_TAU]
    f[S_GAS_M3] = -charge
    # Only heat moves the adiabatic invariant: the stiff charging flow stays out of the explicit part.
    f[S_GAS_0] = -cooling * s[S_GAS_0] / gas_k
    friction = p[P_VISCOUS] * v + p[P_COULOMB] * math.tanh(v / CREEP_M_S)
    force = load_force(s[S_PLACE], p)
    f[S_PLACE] = v
    f[S_SPEED] = 0.0
    if mode[M_HELD] == 0:
        f[S_SPEED] = (pa * p[P_AREA_CAP] - pb * p[P_AREA_ROD] - friction - force) / p[P_MASS]
    target = 0.0
    if mode[M_RELIEF] == 1:
        target = min(max((pp - p[P_CLOSE]) / (p[P_FULL] - p[P_CLOSE]), 0.0), 1.0)
    f[S_RELIEF] = (target - s[S_RELIEF]) / p[P_RELIEF_TAU]
    hp, hs, ha, hb, hr = _head(pp, beta), _head(ps, beta), _head(pa, beta), _head(pb, beta), _head(pr, beta)
    w[I_PRESSURE] = pp
    w[I_FLUID] = net * hp
    w[I_HEAT] = (
        (relief - draws) * hp + through * (hp - hs) + charge * (hs - pg) + to_cap * (hs - ha) + to_rod * (hs - hb)
        + cap_out * (ha - hr) + rod_out * (hb - hr) + cross * (ha - hb) + home * hr - cap_up * ha - rod_up * hb
        + friction * v
    )  # fmt: skip
    w[I_GAS_HEAT] = p[P_GAS_MR] / (KAPPA - 1.0) * cooling
    w[I_LOAD] = force * v
    w[I_NET] = net
    w[I_FILTER] = through
    w[I_DRAWN] = draws + cap_up + rod_up
    w[I_RETURNED] = home + relief
    w[I_RELIEF] = relief


@kernel
def factor(m):
    """Turn a diagonally dominant matrix into its LU factors, in place."""
    n = m.shape[0]
    for c in range(n):
        for r in range(c + 1, n):
            if m[r, c] != 0.0:
                m[r, c] /= m[c, c]
                for j in range(c + 1, n):
                    m[r, j] -= m[r, c] * m[c, j]


@kernel
def solve(m, b):
    """Solve with the factors of `factor`; `b` becomes the solution."""
    n = m.shape[0]
    for r in range(n):
        for j in range(r):
            b[r] -= m[r, j] * b[j]
    for r in range(n - 1, -1, -1):
        for j in range(r + 1, n):
            b[r] -= m[r, j] * b[j]
        b[r] /= m[r, r]


@kernel
def _matrix(s, p, g, gh, m):
    """Fill `m` with I - γhJ of the pressures (gas volume eliminated); return its factors for the gas volume."""
    beta = p[P_BETA]
    bp, bs, br = gh * beta / p[P_V_PUMP], gh * beta / p[P_V_SUPPLY], gh * beta / p[P_V_RETURN]
    ba = gh * beta / (p[P_V_CAP] + p[P_AREA_CAP] * s[S_PLACE])
    bb = gh * beta / (p[P_V_ROD] + p[P_AREA_ROD] * (p[P_STROKE] - s[S_PLACE]))
    stiffness = KAPPA * (gas_pressure(s, p) + p[P_AIR]) / s[S_GAS_M3]
    down = gh * g[G_NECK]
    own = 1.0 + down * stiffness
    m[:, :] = 0.0
    m[0, 0] = 1.0 + bp * (g[G_PUMP] + g[G_DRAW] + g[G_FILTER])
    m[0, 1] = -bp * g[G_FILTER]
    m[1, 0] = -bs * g[G_FILTER]
    m[1, 1] = 1.0 + bs * (g[G_FILTER] + g[G_PA] + g[G_PB] + g[G_NECK] / own)
    m[1, 2] = -bs * g[G_PA]
    m[1, 3] = -bs * g[G_PB]
    m[2, 1] = -ba * g[G_PA]
    m[2, 2] = 1.0 + ba * (g[G_PA] + g[G_AT] + g[G_CROSS] + g[G_CAP_UP])
    m[2, 3] = -ba * g[G_CROSS]
    m[2, 4] = -ba * g[G_AT]
    m[3, 1] = -bb * g[G_PB]
    m[3, 2] = -bb * g[G_CROSS]
    m[3, 3] = 1.0 + bb * (g[G_PB] + g[G_BT] + g[G_CROSS] + g[G_ROD_UP])
    m[3, 4] = -bb * g[G_BT]
    m[4, 2] = -br * g[G_AT]
    m[4, 3] = -br * g[G_BT]
    m[4, 4] = 1.0 + br * (g[G_AT] + g[G_BT] + g[G_RETURN])
    # dV/dt = -Q(p_S - p_g(V)); (1 + down·stiffness) k_V = r_V - down·k_S, and the S row has -bs·g·stiffness·k_V.
    return down, own, bs * g[G_NECK] * stiffness


@kernel
def _implicit(r, m, down, own, back, tau, gh, five):
    """Solve (I - γhJ) k = r in place."""
    for i in range(5):
        five[i] = r[i]
    five[1] -= back * r[S_GAS_M3] / own
    solve(m, five)
    for i in range(5):
        r[i] = five[i]
    r[S_GAS_M3] = (r[S_GAS_M3] - down * r[S_SUPPLY]) / own
    r[S_RELIEF] /= 1.0 + gh / tau


@kernel
def _foresee(s, p, f, g, h):
    """Give check valves that open within the step their slope: without it they would chatter from step to step."""
    if g[G_FILTER] == 0.0 and s[S_PUMP] - s[S_SUPPLY] + h * (f[S_PUMP] - f[S_SUPPLY]) > 0.0:
        g[G_FILTER] = p[P_FILTER]
    apart = s[S_SUPPLY] - gas_pressure(s, p)
    if apart < 0.0 and apart + h * f[S_SUPPLY] > 0.0:
        g[G_NECK] = p[P_NECK] / math.sqrt(TRANSITION_PA)
    up = p[P_MAKE_UP] / math.sqrt(TRANSITION_PA)
    if s[S_PUMP] >= 0.0 and s[S_PUMP] + h * f[S_PUMP] < 0.0:
        g[G_DRAW] = up
    if s[S_CAP] >= 0.0 and s[S_CAP] + h * f[S_CAP] < 0.0:
        g[G_CAP_UP] = up
    if s[S_ROD] >= 0.0 and s[S_ROD] + h * f[S_ROD] < 0.0:
        g[G_ROD_UP] = up


@kernel
def _step(s, sp, mode, p, h, new, new_sp, more, work, m, five):
    """Take one step of ``h`` from `s`, `sp` into `new`, `new_sp`, and what the sums gain into `more`."""
    k1, k2, g, w1, w2 = work[0], work[1], work[2], work[3], work[4]
    rates(s, sp[0], mode, p, k1, g, w1)
    _foresee(s, p, k1, g, h)
    gh = GAMMA * h
    down, own, back = _matrix(s, p, g, gh, m)
    factor(m)
    _implicit(k1, m, down, own, back, p[P_RELIEF_TAU], gh, five)
    relief, home = gh * (g[G_PUMP] - p[P_LEAK]), gh * g[G_RETURN]
    drawn, cap_up, rod_up = gh * g[G_DRAW], gh * g[G_CAP_UP], gh * g[G_ROD_UP]
    leak = gh * p[P_LEAK]
    w1[I_NET] -= leak * k1[S_PUMP]
    w1[I_RETURNED] += relief * k1[S_PUMP] + home * k1[S_RETURN]
    w1[I_DRAWN] -= drawn * k1[S_PUMP] + cap_up * k1[S_CAP] + rod_up * k1[S_ROD]
    for i in range(STATE_SIZE):
        new[i] = s[i] + h * k1[i]
    new_sp[0], new_sp[1] = spool(sp[0], sp[1], p[P_TARGET], p[P_SPOOL_W], p[P_SPOOL_Z], h)
    rates(new, new_sp[0], mode, p, k2, g, w2)
    for i in range(STATE_SIZE):
        k2[i] -= 2.0 * k1[i]
    _implicit(k2, m, down, own, back, p[P_RELIEF_TAU], gh, five)
    for i in range(STATE_SIZE):
        new[i] = s[i] + h * (1.5 * k1[i] + 0.5 * k2[i])
    for i in range(SUMS_SIZE):
        more[i] = 0.5 * h * (w1[i] + w2[i])
    # Oil that crosses the border is summed as the pressures are stepped, so that none is lost between the two.
    more[I_NET] -= 0.5 * h * leak * k2[S_PUMP]
    more[I_RETURNED] += 0.5 * h * (relief * k2[S_PUMP] + home * k2[S_RETURN])
    more[I_DRAWN] -= 0.5 * h * (drawn * k2[S_PUMP] + cap_up * k2[S_CAP] + rod_up * k2[S_ROD])


@kernel
def _over(s, mode, p, which):
    """Return by how much an event's threshold is passed: 0 relief, 1 stop at the start, 2 stop at the end."""
    if which == 0:
        return s[S_PUMP] - p[P_OPEN] if mode[M_RELIEF] == 0 else p[P_CLOSE] - s[S_PUMP]
    if mode[M_HELD] != 0:
        return -1.0
    return -s[S_PLACE] if which == 1 else s[S_PLACE] - p[P_STROKE]


@kernel
def _settle_modes(s, mode, p):
    """Let go of a stop that the forces leave; switch a relief valve whose threshold moved past its pressure."""
    if mode[M_HELD] != 0:
        net = s[S_CAP] * p[P_AREA_CAP] - s[S_ROD] * p[P_AREA_ROD] - load_force(s[S_PLACE], p)
        if (mode[M_HELD] == 1 and net > 0.0) or (mode[M_HELD] == 2 and net < 0.0):
            mode[M_HELD] = 0
    if _over(s, mode, p, 0) > 0.0:
        mode[M_RELIEF] = 1 - mode[M_RELIEF]


@kernel
def _happen(which, s, mode, p, more, t, times):
    if which == 0:
        mode[M_RELIEF] = 1 - mode[M_RELIEF]
    else:
        more[I_HEAT] += 0.5 * p[P_MASS] * s[S_SPEED] * s[S_SPEED]
        s[S_SPEED] = 0.0
        s[S_PLACE] = 0.0 if which == 1 else p[P_STROKE]
        mode[M_HELD] = which
    times[mode[M_EVENTS] % TIMES_SIZE] = t
    mode[M_EVENTS] += 1


@kernel
def advance(s, sp, mode, p, t, h, count, sums, times):
    """Advance by ``count`` steps of ``h`` [s] from time ``t`` [s], all arrays in place; `times` rings with events.

    Parameters
    ----------
    s, sp : float64[STATE_SIZE], float64[2] (spool position -1 … 1 and its speed).
    mode : int64[MODE_SIZE]: relief valve open, stop that holds the piston (0 none, 1 start, 2 end), events so far.
    p : float64[P_SIZE], held.
    sums : float64[SUMS_SIZE], integrals to add to.
    times : float64[TIMES_SIZE], times of the last events [s].

    """
    new, new_sp, more, five = np.empty(STATE_SIZE), np.empty(2), np.empty(SUMS_SIZE), np.empty(5)
    work, m = np.empty((5, 12)), np.empty((5, 5))
    for i in range(count):
        left = h
        for _ in range(64):
            _settle_modes(s, mode, p)
            _step(s, sp, mode, p, left, new, new_sp, more, work, m, five)
            first = -1
            at = left
            for which in range(3):
                if _over(new, mode, p, which) <= 0.0:
                    continue
                # Root of the threshold over the length of the step (Illinois), each time with a fresh step.
                low, high = 0.0, at
                _step(s, sp, mode, p, high, new, new_sp, more, work, m, five)
                f_high = _over(new, mode, p, which)
                if f_high <= 0.0:  # another event comes before it
                    continue
                f_low = _over(s, mode, p, which)
                for _k in range(60):
                    if high - low <= LOCATED_S:
                        break
                    mid = high - f_high * (high - low) / (f_high - f_low) if f_high > f_low else 0.5 * (low + high)
                    if not low < mid < high or _k > 40:
                        mid = 0.5 * (low + high)
                    _step(s, sp, mode, p, mid, new, new_sp, more, work, m, five)
                    f_mid = _over(new, mode, p, which)
                    if f_mid > 0.0:
                        high, f_high = mid, f_mid
                        f_low *= 0.5
                    else:
                        low, f_low = mid, f_mid
                        f_high *= 0.5
                first, at = which, high
            if first >= 0:
                _step(s, sp, mode, p, at, new, new_sp, more, work, m, five)
                _happen(first, new, mode, p, more, t + i * h + (h - left) + at, times)
            s[:] = new
            sp[:] = new_sp
            for j in range(SUMS_SIZE):
                sums[j] += more[j]
            left -= at
            if left <= 1e-3 * LOCATED_S:
                break
