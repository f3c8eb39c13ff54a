"""Induction machine with an asymmetry, in the stationary frame (α along phase a): its equations and its field.

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

from emulator.kernel import kernel
from emulator.physics.kernels import motor as m

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
def stage(y, i_f, ua, ub, mode, ex, ey, par, asym, load, k):
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
def hold_at_zero(y, i_f, ex, ey, par, asym):
    """Take the rest of a phase's current away at constant rotor flux; it is zero but for rounding."""
    _, lr, _, d, _ = inductances(par, asym, y[5])
    rest = line_current(y, i_f, ex, ey, par, asym) * d / lr
    y[0] -= rest * ex
    y[1] -= rest * ey


@kernel
def hold_all_at_zero(y, i_f, par, asym):
    """Set the stator flux to what rotor and loop give a stator that carries nothing: i_s' = -κ i_f α."""
    _, lr, lm, d, _ = inductances(par, asym, y[5])
    y[0] = lm / lr * y[2] - d / lr * 2.0 / 3.0 * asym[A_SHORTED] * i_f
    y[1] = lm / lr * y[3]


@kernel
def interrupt(y, i_f, par, asym):
    """Open all phases at constant rotor and loop flux; return the loop's current after."""
    _, lr, lm, _, _ = inductances(par, asym, y[5])
    mu = asym[A_SHORTED]
    kappa = 2.0 / 3.0 * mu
    leak = par[m.P_LS] - par[m.P_LM]
    after = 0.0
    if mu > 0.0:
        flux = y[0] - leak * (1.0 - kappa) * i_f
        after = (lm / lr * y[2] - flux) / (leak + kappa * lm * (1.0 - lm / lr))
    hold_all_at_zero(y, after, par, asym)
    return after
