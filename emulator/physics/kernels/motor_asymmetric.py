"""Induction machine with an asymmetry, in the stationary frame (α along phase a): one call advances a tick.

With i_s' = i_s - ⅔µ i_f α for µ of phase a shorted through r_f (Bachir et al. 2006):

    dψ_s/dt = u - R_s i_s'                                    ψ_s = L_s i_s' + L_m i_r
    dψ_r/dt = -R_r i_r - (ΔR/3)(i_r + e^{2jpθ} i_r*) + jpω ψ_r  ψ_r = L_r i_r + L_m i_s'
    µ L_σ (1-⅔µ) di_f/dt = µ u_α - [r_f + µ R_s (1-⅔µ)] i_f     (the loop's equation with ψ_sα put in)
    J dω/dt = 1.5 p Im(ψ_s* i_s') + 0.75 |i_s'+i_r|² dL_m/dθ - T_L - Bω

L_m follows the mean permeance of the gap 1/(1 - ε cos φ), with ε = |ε_s + ε_d e^{jθ}| turning with the rotor, and
the rotor slots seen through that gap. An open phase is a voltage, found at every stage, that keeps its current at
zero. Losses are integrated with the states' own weights, so that the energy balance tests the whole.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels import motor as m
from emulator.physics.kernels import motor_supply as v

# asymmetry: float64[10]
A_BAR, A_SHORTED, A_CONTACT, A_STATIC, A_DYNAMIC, A_SLOT, A_BARS, A_LOCKED, A_SPOT_J_K, A_SPOT_W_K = range(10)
ASYMMETRY_SIZE = 10

# extra state: float64[8]; turns are fractions, OPEN is the phase that has stopped conducting, -1 none; reactive power
# and torque are means over the last tick this kernel made
(
    X_SUPPLY_TURN, X_ROTOR_TURN, X_LOOP_A, X_SPOT_RISE_K, X_SHORT_J, X_OPEN, X_REACTIVE, X_TORQUE,
) = range(8)  # fmt: skip
EXTRA_SIZE = 8

# what rates() fills: derivatives of ψ_sα ψ_sβ ψ_rα ψ_rβ ω θ, then powers in, shaft, stator, rotor, friction, core,
# then |i|², reactive, torque; then values for the loop and for the holding of an open phase
(
    K_PSA, K_PSB, K_PRA, K_PRB, K_OM, K_TH, K_IN, K_SHAFT, K_STATOR, K_ROTOR, K_FRICTION, K_CORE, K_SQUARE, K_REACTIVE,
    K_TORQUE, K_DRIVE, K_LOOP_L, K_UA, K_UB, K_IA, K_IB, K_LOOP_RATE, K_HOLD, K_DIA, K_DIB, K_WA,
) = range(26)  # fmt: skip
K_SIZE = 26
SUMS = slice(K_IN, K_TORQUE + 1)
FREE, ONE, ALL = 0, 1, 2
THIRD = 2.0 * math.pi / 3.0
ZERO_A = 1e-9


@kernel
def gap(asym, theta):
    """Return (share of L_m0, its slope over θ) at rotor angle θ [rad]."""
    es, ed = asym[A_STATIC], asym[A_DYNAMIC]
    if es == 0.0 and ed == 0.0:
        return 1.0, 0.0
    c, s = math.cos(theta), math.sin(theta)
    # Mean over φ of 1/(1 - ε cos φ) is 1/√(1-ε²).
    root = 1.0 - es * es - ed * ed - 2.0 * es * ed * c
    mean = 1.0 / math.sqrt(root)
    slope = -es * ed * s * mean / root
    nb = asym[A_BARS]
    seen, moved = es + ed * c, -ed * s
    cs, sn = math.cos(nb * theta), math.sin(nb * theta)
    return mean + asym[A_SLOT] * seen * cs, slope + asym[A_SLOT] * (moved * cs - seen * nb * sn)


@kernel
def inductances(par, asym, theta):
    """Return (L_s, L_r, L_m, D, dL_m/dθ) [H] at rotor angle θ."""
    share, slope = gap(asym, theta)
    lm = par[m.P_LM] * share
    ls = par[m.P_LS] - par[m.P_LM] + lm
    lr = par[m.P_LR] - par[m.P_LM] + lm
    return ls, lr, lm, ls * lr - lm * lm, par[m.P_LM] * slope


@kernel
def _stage(y, i_f, ua, ub, mode, ex, ey, par, asym, load, k):
    """Fill `k` with rates and powers at a stage; `mode` FREE, ONE (open along e) or ALL (disconnected)."""
    psa, psb, pra, prb, om = y[0], y[1], y[2], y[3], y[4]
    ls, lr, lm, d, dlm = inductances(par, asym, y[5])
    rs, rr, g, p = par[m.P_RS], par[m.P_RR], par[m.P_CORE], par[m.P_POLES]
    isa, isb = (lr * psa - lm * pra) / d, (lr * psb - lm * prb) / d
    ira, irb = (ls * pra - lm * psa) / d, (ls * prb - lm * psb) / d
    third = asym[A_BAR] / 3.0
    c2, s2 = math.cos(2.0 * p * y[5]), math.sin(2.0 * p * y[5])
    da = rr * ira + third * (ira + c2 * ira + s2 * irb)
    db = rr * irb + third * (irb + s2 * ira - c2 * irb)
    dra, drb = -da - p * om * prb, -db + p * om * pra
    mu = asym[A_SHORTED]
    kappa = 2.0 / 3.0 * mu
    leak = (par[m.P_LS] - par[m.P_LM]) * (1.0 - kappa)
    z = asym[A_CONTACT] / mu + rs * (1.0 - kappa) if mu > 0.0 else 0.0
    b = lr / d
    # What di_s'/dt would be without dψ_s/dt: rotor and turning inductances.
    turn = dlm * om / d
    both = ls + lr - 2.0 * lm
    oa = -lm / d * dra + turn * (psa - pra - isa * both)
    ob = -lm / d * drb + turn * (psb - prb - isb * both)
    loop_rate, loop_l, drive = 0.0, leak, ua
    va, vb = (ua - rs * isa) / (1.0 + rs * g), (ub - rs * isb) / (1.0 + rs * g)
    ca, cb = g * va, g * vb
    hold = 0.0
    wa, wb = ua, ub  # what the supply imposes: an open phase takes no power, whatever voltage stands there
    if mode == ONE:
        ce = (b * rs * isa - oa) * ex + (b * rs * isb - ob) * ey
        across = -ua * ey + ub * ex
        wa, wb = -across * ey, across * ex
        if mu > 0.0:
            drive = -across * ey + ex * ce / b
            loop_l = leak + kappa * ex * ex / b
            loop_rate = (drive - z * i_f) / loop_l
        hold = (ce - kappa * ex * loop_rate) / b
        ua, ub = -across * ey + hold * ex, across * ex + hold * ey
        # The core sees only what the supply imposes.
        inner = (across - rs * (-isa * ey + isb * ex)) / (1.0 + rs * g)
        ve = hold - rs * (isa * ex + isb * ey)
        va, vb = ve * ex - inner * ey, ve * ey + inner * ex
        ca, cb = -g * inner * ey, g * inner * ex
    elif mode == ALL:
        wa = wb = 0.0
        na, nb = b * rs * isa - oa, b * rs * isb - ob
        if mu > 0.0:
            drive = na / b
            loop_l = leak + kappa / b
            loop_rate = (drive - z * i_f) / loop_l
        ua, ub = (na - kappa * loop_rate) / b, nb / b
        va, vb, ca, cb = ua - rs * isa, ub - rs * isb, 0.0, 0.0
    elif mu > 0.0:
        loop_rate = (drive - z * i_f) / loop_l
    ita, itb = isa + ca, isb + cb
    torque = 1.5 * p * (psa * isb - psb * isa) + 0.75 * ((isa + ira) ** 2 + (isb + irb) ** 2) * dlm
    dom = om - load[3]
    taken = load[0] + (load[1] + load[2] * dom) * dom
    k[K_PSA], k[K_PSB], k[K_PRA], k[K_PRB] = va, vb, dra, drb
    if asym[A_LOCKED] != 0.0:
        k[K_OM], k[K_TH] = 0.0, 0.0
    else:
        k[K_OM], k[K_TH] = (torque - taken - par[m.P_FRICTION] * om) / par[m.P_INERTIA], om
    k[K_IN] = 1.5 * (wa * ita + wb * itb)
    k[K_SHAFT] = taken * om
    k[K_STATOR] = 1.5 * rs * (ita * ita + itb * itb)
    k[K_ROTOR] = 1.5 * (da * ira + db * irb)
    k[K_FRICTION] = par[m.P_FRICTION] * om * om
    k[K_CORE] = 1.5 * (ca * ca + cb * cb) / g if g > 0.0 else 0.0
    k[K_SQUARE] = (ita + kappa * i_f) ** 2 + itb * itb
    k[K_REACTIVE] = 1.5 * (ub * (ita + kappa * i_f) - ua * itb)
    k[K_TORQUE] = torque
    k[K_DRIVE], k[K_LOOP_L], k[K_UA], k[K_UB], k[K_IA], k[K_IB] = drive, loop_l, ua, ub, ita, itb
    k[K_LOOP_RATE], k[K_HOLD], k[K_WA] = loop_rate, hold, wa
    k[K_DIA], k[K_DIB] = b * va + oa + kappa * loop_rate, b * vb + ob


@kernel
def _parabola(y0, y1, y2, width):
    """Return (c0, c1, c2) of the parabola through the start, middle and end of a step."""
    return y0, (-3.0 * y0 + 4.0 * y1 - y2) / width, 2.0 * (y0 - 2.0 * y1 + y2) / (width * width)


@kernel
def _response(i0, w, z, loop_l):
    """Return (A, a0, a1, a2) of the exact i_f = A e^{-zx/L} + a0 + a1 x + a2 x² under a drive that is a parabola."""
    a2 = w[2] / z
    a1 = (w[1] - 2.0 * a2 * loop_l) / z
    a0 = (w[0] - a1 * loop_l) / z
    return i0 - a0, a0, a1, a2


@kernel
def _at(r, rate, x):
    return r[0] * math.exp(-rate * x) + r[1] + (r[2] + r[3] * x) * x


@kernel
def _loop(i0, w0, w1, w2, x, width, z, loop_l):
    """Return i_f at `x` of a step of `width` under a drive w0, w1 (middle), w2; fast loops cost no small steps."""
    return _at(_response(i0, _parabola(w0, w1, w2, width), z, loop_l), z / loop_l, x)


@kernel
def _integral(r, rate, b0, b1, b2, h):
    """Return ∫ i_f·(b0 + b1 x + b2 x²) dx over a step, exactly."""
    e = math.exp(-rate * h)
    m0 = (1.0 - e) / rate
    m1 = (m0 - h * e) / rate
    m2 = (2.0 * m1 - h * h * e) / rate
    a0, a1, a2 = r[1], r[2], r[3]
    return r[0] * (b0 * m0 + b1 * m1 + b2 * m2) + h * (
        a0 * b0
        + h * ((a0 * b1 + a1 * b0) / 2.0)
        + h * h * ((a0 * b2 + a1 * b1 + a2 * b0) / 3.0)
        + h**3 * ((a1 * b2 + a2 * b1) / 4.0)
        + h**4 * (a2 * b2 / 5.0)
    )


@kernel
def _drive_voltage(vp, t, pulsed, leg_on, ex, ey, pa, pb, p0):
    """Return the driving voltage at `t`; a leg whose upper switch fails is pulled to the lower rail."""
    if pulsed:
        ua, ub, zero = pa, pb, p0
    else:
        ua, ub = v.mean_voltage(vp, t)
        zero = 0.0
    if leg_on:
        pole = ua * ex + ub * ey + zero
        pull = 2.0 / 3.0 * vp[v.V_LEG_LOSS] * (-0.5 * vp[v.V_DC] - pole)
        ua, ub = ua + pull * ex, ub + pull * ey
    return ua, ub


@kernel
def _step(y, i_f, t, h, mode, leg_on, ex, ey, pulsed, pa, pb, p0, par, asym, vp, load, k, out):
    """One RK4 step of `h` from `y` into `out` (states, then energies over the step); return i_f, loss, contact, local.

    `k` float64[4, 26] keeps the stages. The loop's own equation is linear and may be stiff: it is solved exactly.
    """
    mu = asym[A_SHORTED]
    rs = par[m.P_RS]
    kappa = 2.0 / 3.0 * mu
    z = asym[A_CONTACT] / mu + rs * (1.0 - kappa) if mu > 0.0 else 0.0
    trial = np.empty(6)
    i_now = i_f
    for stage in range(4):
        x = 0.0 if stage == 0 else (h if stage == 3 else 0.5 * h)
        for j in range(6):
            trial[j] = y[j] if stage == 0 else y[j] + x * k[stage - 1, j]
        if mu > 0.0 and stage > 0:
            w0, loop_l = k[0, K_DRIVE], k[0, K_LOOP_L]
            w1 = k[stage - 1, K_DRIVE]
            if stage == 3:
                i_now = _loop(i_f, w0, w1, 2.0 * w1 - w0, h, h, z, loop_l)
            else:
                i_now = _loop(i_f, w0, 0.5 * (w0 + w1), w1, 0.5 * h, 0.5 * h, z, loop_l)
        ua, ub = _drive_voltage(vp, t + x, pulsed, leg_on, ex, ey, pa, pb, p0)
        _stage(trial, i_now, ua, ub, mode, ex, ey, par, asym, load, k[stage])
    s = h / 6.0
    for j in range(K_TORQUE + 1):
        total = s * (k[0, j] + 2.0 * (k[1, j] + k[2, j]) + k[3, j])
        out[j] = y[j] + total if j < 6 else total
    if mu == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    w0, w1, w2, loop_l = k[0, K_DRIVE], 0.5 * (k[1, K_DRIVE] + k[2, K_DRIVE]), k[3, K_DRIVE], k[0, K_LOOP_L]
    r = _response(i_f, _parabola(w0, w1, w2, h), z, loop_l)
    rate = z / loop_l
    middle, end = _at(r, rate, 0.5 * h), _at(r, rate, h)
    u = _parabola(k[0, K_WA], 0.5 * (k[1, K_WA] + k[2, K_WA]), k[3, K_WA], h)
    out[K_IN] += mu * _integral(r, rate, u[0], u[1], u[2], h)
    fast = r[0] * r[0] * (1.0 - math.exp(-2.0 * rate * h)) / (2.0 * rate)
    squares = fast + r[0] * _integral((1.0, 0.0, 0.0, 0.0), rate, r[1], r[2], r[3], h)
    squares += _integral(r, rate, r[1], r[2], r[3], h)
    own = mu * rs * (1.0 - kappa)
    a0 = k[0, K_IA] + (kappa - 1.0) * i_f
    a1 = 0.5 * (k[1, K_IA] + k[2, K_IA]) + (kappa - 1.0) * middle
    a2 = k[3, K_IA] + (kappa - 1.0) * end
    contact = asym[A_CONTACT] * squares
    return end, own * squares, contact, mu * rs * s * (a0 * a0 + 4.0 * a1 * a1 + a2 * a2) + contact


@kernel
def line_current(y, i_f, ex, ey, par, asym):
    """Return the winding's current along a phase's axis [A]: that phase's line current without the core's share."""
    _, lr, lm, d, _ = inductances(par, asym, y[5])
    a = (lr * y[0] - lm * y[2]) / d + 2.0 / 3.0 * asym[A_SHORTED] * i_f
    return a * ex + (lr * y[1] - lm * y[3]) / d * ey


@kernel
def field_energy(y, i_f, par, asym):
    """Return the energy in the windings' field [J], shorted loop included."""
    ls, lr, lm, d, _ = inductances(par, asym, y[5])
    isa, isb = (lr * y[0] - lm * y[2]) / d, (lr * y[1] - lm * y[3]) / d
    ira, irb = (ls * y[2] - lm * y[0]) / d, (ls * y[3] - lm * y[1]) / d
    mu = asym[A_SHORTED]
    loop = 0.5 * mu * (par[m.P_LS] - par[m.P_LM]) * (1.0 - 2.0 / 3.0 * mu) * i_f * i_f
    return 0.75 * (y[0] * isa + y[1] * isb + y[2] * ira + y[3] * irb) + loop


@kernel
def _hold_at_zero(y, i_f, ex, ey, par, asym):
    """Take the rest of a phase's current away at constant rotor flux; it is zero but for rounding."""
    _, lr, _, d, _ = inductances(par, asym, y[5])
    rest = line_current(y, i_f, ex, ey, par, asym) * d / lr
    y[0] -= rest * ex
    y[1] -= rest * ey


@kernel
def _hold_all_at_zero(y, i_f, par, asym):
    """Set the stator flux to what rotor and loop give a stator that carries nothing: i_s' = -κ i_f α."""
    _, lr, lm, d, _ = inductances(par, asym, y[5])
    y[0] = lm / lr * y[2] - d / lr * 2.0 / 3.0 * asym[A_SHORTED] * i_f
    y[1] = lm / lr * y[3]


@kernel
def _interrupt(y, i_f, par, asym):
    """Open all phases at constant rotor and loop flux; return the loop's current after."""
    _, lr, lm, _, _ = inductances(par, asym, y[5])
    mu = asym[A_SHORTED]
    kappa = 2.0 / 3.0 * mu
    leak = par[m.P_LS] - par[m.P_LM]
    after = 0.0
    if mu > 0.0:
        flux = y[0] - leak * (1.0 - kappa) * i_f
        after = (lm / lr * y[2] - flux) / (leak + kappa * lm * (1.0 - lm / lr))
    _hold_all_at_zero(y, after, par, asym)
    return after


@kernel
def _row(rows, r, k, i_f0, i_f1, t, h, vp, asym):
    kappa = 2.0 / 3.0 * asym[A_SHORTED]
    for end in range(2):
        at = t + end * h
        angle = vp[v.V_ANGLE] + (vp[v.V_W0] + 0.5 * vp[v.V_W_SLOPE] * at) * at
        c, s = math.cos(angle), math.sin(angle)
        q = 3 * end
        a, b = k[q, K_IA] + kappa * (i_f1 if end else i_f0), k[q, K_IB]
        d, e = c * a + s * b, c * b - s * a
        if end == 0:
            w = vp[v.V_W0] + vp[v.V_W_SLOPE] * at
            da, db = k[0, K_DIA], k[0, K_DIB]
            rows[r, m.R_I0D], rows[r, m.R_I0Q] = d, e
            rows[r, m.R_SD], rows[r, m.R_SQ] = c * da + s * db + w * e, c * db - s * da - w * d
            rows[r, m.R_U0D], rows[r, m.R_U0Q] = c * k[q, K_UA] + s * k[q, K_UB], c * k[q, K_UB] - s * k[q, K_UA]
        else:
            rows[r, m.R_I1D], rows[r, m.R_I1Q] = d, e
            rows[r, m.R_U1D], rows[r, m.R_U1Q] = c * k[q, K_UA] + s * k[q, K_UB], c * k[q, K_UB] - s * k[q, K_UA]


@kernel
def _turned(state, angle):
    """Return ψ_s, ψ_r of the state turned by `angle`, and the speed."""
    c, s = math.cos(angle), math.sin(angle)
    y = np.empty(6)
    y[0], y[1] = c * state[m.PSD] - s * state[m.PSQ], s * state[m.PSD] + c * state[m.PSQ]
    y[2], y[3] = c * state[m.PRD] - s * state[m.PRQ], s * state[m.PRD] + c * state[m.PRQ]
    y[4] = state[m.OMEGA]
    y[5] = 0.0
    return y


@kernel
def motor_advance_asymmetric(state, extra, par, asym, vp, steps, h, load, rows):
    """Advance a tick of `steps` steps of `h` [s]; return the mean square stator current [A² peak].

    `state` is that of the symmetric kernel, in the frame of the supply at the tick's start and, after, at its end;
    `load` float64[4] is torque, slope, curvature and the speed they are about.
    """
    y = _turned(state, vp[v.V_ANGLE])
    y[5] = v.TWO_PI * extra[X_ROTOR_TURN]
    i_f = extra[X_LOOP_A]
    connected = vp[v.V_CONNECTED] != 0.0
    phase = int(vp[v.V_OPEN]) if vp[v.V_OPEN] >= 0.0 else int(vp[v.V_LEG])
    leg = vp[v.V_LEG] >= 0.0 and vp[v.V_OPEN] < 0.0
    ex, ey = (math.cos(phase * THIRD), math.sin(phase * THIRD)) if phase >= 0 else (1.0, 0.0)
    if not connected and state[m.CONNECTED] != 0.0:
        before = field_energy(y, i_f, par, asym)
        i_f = _interrupt(y, i_f, par, asym)
        state[m.E_ARC] += before - field_energy(y, i_f, par, asym)
    state[m.CONNECTED] = 1.0 if connected else 0.0
    if asym[A_LOCKED] != 0.0 and y[4] != 0.0:
        state[m.E_SHAFT] += 0.5 * par[m.P_INERTIA] * y[4] * y[4]  # the jam takes what moved
        y[4] = 0.0
    pulsed = connected and vp[v.V_PULSED] != 0.0
    is_open = phase >= 0 and int(extra[X_OPEN]) == phase
    k = np.zeros((4, K_SIZE))
    out = np.zeros(K_TORQUE + 1)
    sums = np.zeros(K_TORQUE + 1)
    recording = rows.shape[0] > 0
    square = reactive = torque = 0.0
    first = np.zeros((4, K_SIZE))
    for n in range(steps):
        t, left = n * h, h
        i_f0 = i_f
        pa = pb = p0 = 0.0
        if pulsed:
            pa, pb, p0 = v.pulsed_voltage(vp, t, h)
        sums[:] = 0.0
        loop_j = contact_j = local_j = 0.0
        pieces = 0
        while left > 0.0 and pieces < 6:
            pieces += 1
            mode, leg_on = (FREE, False) if connected else (ALL, False)
            current = 0.0
            if connected and phase >= 0:
                current = line_current(y, i_f, ex, ey, par, asym)
                if not leg:
                    if abs(current) < ZERO_A:
                        is_open = True
                elif is_open or abs(current) < ZERO_A:
                    # The leg carries nothing: does either switch state drive a current its diodes or switches take?
                    ua, ub = _drive_voltage(vp, t, pulsed, False, ex, ey, pa, pb, p0)
                    da, db = _drive_voltage(vp, t, pulsed, True, ex, ey, pa, pb, p0)
                    _stage(y, i_f, ua, ub, ONE, ex, ey, par, asym, load, k[0])
                    held = k[0, K_HOLD]
                    is_open = da * ex + db * ey <= held <= ua * ex + ub * ey
                    leg_on = not is_open and da * ex + db * ey > held
                else:
                    leg_on = current > 0.0
                if is_open:
                    mode, leg_on = ONE, False
            width = left
            end, lost, contact, local = _step(
                y, i_f, t, width, mode, leg_on, ex, ey, pulsed, pa, pb, p0, par, asym, vp, load, k, out,
            )  # fmt: skip
            if connected and phase >= 0 and not is_open and abs(current) >= ZERO_A:
                # Does the phase's current pass through zero? Then the step ends there (secant with brackets).
                after = line_current(out, end, ex, ey, par, asym)
                if after * current < 0.0:
                    low, high, f_low, f_high = 0.0, left, current, after
                    for _ in range(60):
                        width = low + (high - low) * min(max(f_low / (f_low - f_high), 0.02), 0.98)
                        end, lost, contact, local = _step(
                            y, i_f, t, width, mode, leg_on, ex, ey, pulsed, pa, pb, p0, par, asym, vp, load, k, out,
                        )  # fmt: skip
                        value = line_current(out, end, ex, ey, par, asym)
                        if abs(value) < 1e-10 or high - low < 1e-16:
                            break
                        if value * current > 0.0:
                            low, f_low = width, value
                        else:
                            high, f_high = width, value
                    is_open = True
            if pieces == 1:
                first[0] = k[0]
            first[3] = k[3]
            for j in range(6):
                y[j] = out[j]
            if mode == ALL:
                _hold_all_at_zero(y, end, par, asym)
            elif is_open:
                _hold_at_zero(y, end, ex, ey, par, asym)
            i_f = end
            for j in range(K_IN, K_TORQUE + 1):
                sums[j] += out[j]
            loop_j += lost
            contact_j += contact
            local_j += local
            t += width
            left = left - width if width < left else 0.0
        if recording:
            _row(rows, n, first, i_f0, i_f, n * h, h, vp, asym)
        copper = sums[K_STATOR] + loop_j
        state[m.E_IN] += sums[K_IN]
        state[m.E_SHAFT] += sums[K_SHAFT]
        state[m.E_STATOR] += copper
        state[m.E_ROTOR] += sums[K_ROTOR]
        state[m.E_FRICTION] += sums[K_FRICTION]
        state[m.E_CORE] += sums[K_CORE]
        extra[X_SHORT_J] += contact_j
        # The shorted turns and their contact warm first, and warm the winding in turn.
        flow = asym[A_SPOT_W_K] * extra[X_SPOT_RISE_K] * h
        extra[X_SPOT_RISE_K] += (local_j - flow) / asym[A_SPOT_J_K]
        m.heat(state, par, copper + contact_j - local_j + flow, sums[K_ROTOR], sums[K_FRICTION], sums[K_CORE], h)
        square += sums[K_SQUARE]
        reactive += sums[K_REACTIVE]
        torque += sums[K_TORQUE]
    length = steps * h
    extra[X_LOOP_A], extra[X_REACTIVE], extra[X_TORQUE] = i_f, reactive / length, torque / length
    extra[X_OPEN] = float(phase) if is_open else -1.0
    turned = y[5] / v.TWO_PI
    extra[X_ROTOR_TURN] = turned - math.floor(turned)
    angle = vp[v.V_ANGLE] + (vp[v.V_W0] + 0.5 * vp[v.V_W_SLOPE] * length) * length
    c, s = math.cos(angle), math.sin(angle)
    state[m.PSD], state[m.PSQ] = c * y[0] + s * y[1], c * y[1] - s * y[0]
    state[m.PRD], state[m.PRQ] = c * y[2] + s * y[3], c * y[3] - s * y[2]
    state[m.OMEGA] = y[4]
    state[m.Q_STATOR_SQ] = square / length
    return square / length
