"""Induction machine in the synchronous dq frame: one call advances many RK4 substeps.

Space vectors are peak-valued; with the d axis on the supply vector the equations are

    dψ_s/dt = u_s - R_s (i_s + G_fe v) - jω_e ψ_s          (v: the voltage behind the stator resistance)
    dψ_r/dt = -R_r i_r - j(ω_e - pω) ψ_r
    J dω/dt = 1.5 p Im(ψ_s* i_s) - T_L(ω) - Bω

(Krause, Wasynczuk, Sudhoff, Analysis of Electric Machinery, ch. 6). Currents follow from the inverse of the
inductances. Every power is integrated with the same RK4 weights as the states, so that the energy balance
closes to the order of the method and is a test of it.
"""

import numpy as np

from emulator.kernel import kernel

# state: float64[17]
PSD, PSQ, PRD, PRQ, OMEGA, T_WINDING, T_FRAME = 0, 1, 2, 3, 4, 5, 6
E_IN, E_SHAFT, E_STATOR, E_ROTOR, E_FRICTION, E_CORE, E_ARC, E_TO_AIR, Q_STATOR_SQ, CONNECTED = (
    7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
)  # fmt: skip
STATE_SIZE = 17

# parameters: float64[15]
(
    P_POLES, P_LS, P_LR, P_LM, P_INERTIA, P_FRICTION, P_CORE, P_CW, P_CF, P_GWF, P_SPARE,
    P_RS, P_RR, P_GFA, P_AMBIENT,
) = range(15)  # fmt: skip
PARAMETER_SIZE = 15

# one row of a record, float64[10]: terminal current at a substep's start, its slope there, current at its end, voltage
# at both; all in the frame of the supply, peak values
R_I0D, R_I0Q, R_SD, R_SQ, R_I1D, R_I1Q, R_U0D, R_U0Q, R_U1D, R_U1Q = range(10)
ROW_SIZE = 10


@kernel
def currents(psd, psq, prd, prq, ls, lr, lm):
    """Return (i_sd, i_sq, i_rd, i_rq) [A peak] of the flux linkages [Wb]."""
    d = 1.0 / (ls * lr - lm * lm)
    return (
        (lr * psd - lm * prd) * d,
        (lr * psq - lm * prq) * d,
        (ls * prd - lm * psd) * d,
        (ls * prq - lm * psq) * d,
    )


@kernel
def magnetic_energy(state, par):
    """Return the energy in the windings' field [J]."""
    a, b, c, d = currents(state[PSD], state[PSQ], state[PRD], state[PRQ], par[P_LS], par[P_LR], par[P_LM])
    return 0.75 * (state[PSD] * a + state[PSQ] * b + state[PRD] * c + state[PRQ] * d)


@kernel
def _rates(psd, psq, prd, prq, om, ud, uq, we, par, t0, slope, curve, om_ref):
    lm = par[P_LM]
    isd, isq, ird, irq = currents(psd, psq, prd, prq, par[P_LS], par[P_LR], lm)
    rs, rr, g = par[P_RS], par[P_RR], par[P_CORE]
    # v = (u - R_s i_s)/(1 + R_s G): terminal current is i_s + G v.
    vd = (ud - rs * isd) / (1.0 + rs * g)
    vq = (uq - rs * isq) / (1.0 + rs * g)
    itd, itq = isd + g * vd, isq + g * vq
    slip = we - par[P_POLES] * om
    torque = 1.5 * par[P_POLES] * (psd * isq - psq * isd)
    d_om = om - om_ref
    load = t0 + (slope + curve * d_om) * d_om
    return (
        vd + we * psq,
        vq - we * psd,
        -rr * ird + slip * prq,
        -rr * irq - slip * prd,
        (torque - load - par[P_FRICTION] * om) / par[P_INERTIA],
        1.5 * (ud * itd + uq * itq),
        load * om,
        1.5 * rs * (itd * itd + itq * itq),
        1.5 * rr * (ird * ird + irq * irq),
        par[P_FRICTION] * om * om,
        1.5 * g * (vd * vd + vq * vq),
        itd * itd + itq * itq,
    )


@kernel
def _rates_open(prd, prq, om, we, par, t0, slope, curve, om_ref):
    rr, lr = par[P_RR], par[P_LR]
    slip = we - par[P_POLES] * om
    d_om = om - om_ref
    load = t0 + (slope + curve * d_om) * d_om
    return (
        -rr / lr * prd + slip * prq,
        -rr / lr * prq - slip * prd,
        -(load + par[P_FRICTION] * om) / par[P_INERTIA],
        load * om,
        1.5 * rr * (prd * prd + prq * prq) / (lr * lr),
        par[P_FRICTION] * om * om,
    )


@kernel
def heat(state, par, stator_j, rotor_j, friction_j, core_j, h):
    """Warm winding and frame by one step's losses [J] and let the frame give heat to the air."""
    # Half of the rotor copper loss heats the winding, half the frame (end rings ventilate into it).
    flow = par[P_GWF] * (state[T_WINDING] - state[T_FRAME])
    air = par[P_GFA] * (state[T_FRAME] - par[P_AMBIENT])
    state[T_WINDING] += (stator_j + 0.5 * rotor_j - flow * h) / par[P_CW]
    state[T_FRAME] += (0.5 * rotor_j + friction_j + core_j + (flow - air) * h) / par[P_CF]
    state[E_TO_AIR] += air * h


@kernel
def _terminal(state, par, u):
    """Return the terminal current of a connected machine: stator winding and core branch [A peak]."""
    isd, isq, _, _ = currents(state[PSD], state[PSQ], state[PRD], state[PRQ], par[P_LS], par[P_LR], par[P_LM])
    rs, g = par[P_RS], par[P_CORE]
    return isd + g * ((u - rs * isd) / (1.0 + rs * g)), isq - g * (rs * isq / (1.0 + rs * g))


@kernel
def _record_connected(rows, r, i0d, i0q, k, state, par, ua, ub):
    i1d, i1q = _terminal(state, par, ub)
    d = par[P_LS] * par[P_LR] - par[P_LM] * par[P_LM]
    rows[r, R_I0D], rows[r, R_I0Q] = i0d, i0q
    rows[r, R_SD] = (par[P_LR] * k[0] - par[P_LM] * k[2]) / d
    rows[r, R_SQ] = (par[P_LR] * k[1] - par[P_LM] * k[3]) / d
    rows[r, R_I1D], rows[r, R_I1Q] = i1d, i1q
    rows[r, R_U0D], rows[r, R_U0Q] = ua, 0.0
    rows[r, R_U1D], rows[r, R_U1Q] = ub, 0.0


@kernel
def _record_open(rows, r, prd, prq, om, state, par):
    # Nothing flows; the rotor's flux induces what stands at the terminals: u = (L_m/L_r)(-R_r/L_r + jpω) ψ_r.
    share, rate = par[P_LM] / par[P_LR], par[P_RR] / par[P_LR]
    rows[r, R_I0D : R_I1Q + 1] = 0.0
    w = par[P_POLES] * om
    rows[r, R_U0D], rows[r, R_U0Q] = share * (-rate * prd - w * prq), share * (-rate * prq + w * prd)
    w = par[P_POLES] * state[OMEGA]
    rows[r, R_U1D] = share * (-rate * state[PRD] - w * state[PRQ])
    rows[r, R_U1Q] = share * (-rate * state[PRQ] + w * state[PRD])


@kernel
def motor_advance(state, par, connected, steps, h, u0, u_slope, we0, we_slope, t0, slope, curve, om_ref, rows):
    """Advance by ``steps`` RK4 steps of ``h`` [s]; return the mean square stator current [A² peak].

    ``rows`` float64[steps, 10] takes one row of the record per step; an empty one takes none.

    Supply (peak V) u0 + u_slope·t and ω_e = we0 + we_slope·t; load torque t0 + slope·δ + curve·δ² [N m] with
    δ = ω - om_ref.
    ``state`` and ``par`` are laid out as the names above say; ``state`` is changed in place.
    """
    lm, lr = par[P_LM], par[P_LR]
    if state[CONNECTED] != 0.0 and not connected:
        # Opening forces i_s to zero at constant rotor flux linkage; the leakage field's energy burns in the
        # arc.
        before = magnetic_energy(state, par)
        state[PSD] = lm / lr * state[PRD]
        state[PSQ] = lm / lr * state[PRQ]
        state[E_ARC] += before - magnetic_energy(state, par)
    state[CONNECTED] = 1.0 if connected else 0.0
    square = 0.0
    recording = rows.shape[0] > 0
    for n in range(steps):
        a0, a1, a2, a3, om = state[PSD], state[PSQ], state[PRD], state[PRQ], state[OMEGA]
        wa = we0 + we_slope * (n * h)
        wm = wa + we_slope * (0.5 * h)
        wb = wa + we_slope * h
        if connected:
            ua = u0 + u_slope * (n * h)
            um = ua + u_slope * (0.5 * h)
            ub = ua + u_slope * h
            i0d, i0q = 0.0, 0.0
            if recording:
                i0d, i0q = _terminal(state, par, ua)
            k = _rates(a0, a1, a2, a3, om, ua, 0.0, wa, par, t0, slope, curve, om_ref)
            q = 0.5 * h
            l = _rates(
                a0 + q * k[0], a1 + q * k[1], a2 + q * k[2], a3 + q * k[3], om + q * k[4],
                um, 0.0, wm, par, t0, slope, curve, om_ref,
            )  # fmt: skip
            m = _rates(
                a0 + q * l[0], a1 + q * l[1], a2 + q * l[2], a3 + q * l[3], om + q * l[4],
                um, 0.0, wm, par, t0, slope, curve, om_ref,
            )  # fmt: skip
            z = _rates(
                a0 + h * m[0], a1 + h * m[1], a2 + h * m[2], a3 + h * m[3], om + h * m[4],
                ub, 0.0, wb, par, t0, slope, curve, om_ref,
            )  # fmt: skip
            s = h / 6.0
            state[PSD] = a0 + s * (k[0] + 2.0 * (l[0] + m[0]) + z[0])
            state[PSQ] = a1 + s * (k[1] + 2.0 * (l[1] + m[1]) + z[1])
            state[PRD] = a2 + s * (k[2] + 2.0 * (l[2] + m[2]) + z[2])
            state[PRQ] = a3 + s * (k[3] + 2.0 * (l[3] + m[3]) + z[3])
            state[OMEGA] = om + s * (k[4] + 2.0 * (l[4] + m[4]) + z[4])
            state[E_IN] += s * (k[5] + 2.0 * (l[5] + m[5]) + z[5])
            state[E_SHAFT] += s * (k[6] + 2.0 * (l[6] + m[6]) + z[6])
            stator = s * (k[7] + 2.0 * (l[7] + m[7]) + z[7])
            rotor = s * (k[8] + 2.0 * (l[8] + m[8]) + z[8])
            friction = s * (k[9] + 2.0 * (l[9] + m[9]) + z[9])
            core = s * (k[10] + 2.0 * (l[10] + m[10]) + z[10])
            square += s * (k[11] + 2.0 * (l[11] + m[11]) + z[11])
            if recording:
                _record_connected(rows, n, i0d, i0q, k, state, par, ua, ub)
        else:
            k = _rates_open(a2, a3, om, wa, par, t0, slope, curve, om_ref)
            q = 0.5 * h
            l = _rates_open(a2 + q * k[0], a3 + q * k[1], om + q * k[2], wm, par, t0, slope, curve, om_ref)
            m = _rates_open(a2 + q * l[0], a3 + q * l[1], om + q * l[2], wm, par, t0, slope, curve, om_ref)
            z = _rates_open(a2 + h * m[0], a3 + h * m[1], om + h * m[2], wb, par, t0, slope, curve, om_ref)
            s = h / 6.0
            state[PRD] = a2 + s * (k[0] + 2.0 * (l[0] + m[0]) + z[0])
            state[PRQ] = a3 + s * (k[1] + 2.0 * (l[1] + m[1]) + z[1])
            state[PSD] = lm / lr * state[PRD]
            state[PSQ] = lm / lr * state[PRQ]
            state[OMEGA] = om + s * (k[2] + 2.0 * (l[2] + m[2]) + z[2])
            state[E_SHAFT] += s * (k[3] + 2.0 * (l[3] + m[3]) + z[3])
            stator = 0.0
            rotor = s * (k[4] + 2.0 * (l[4] + m[4]) + z[4])
            friction = s * (k[5] + 2.0 * (l[5] + m[5]) + z[5])
            core = 0.0
            if recording:
                _record_open(rows, n, a2, a3, om, state, par)
        state[E_STATOR] += stator
        state[E_ROTOR] += rotor
        state[E_FRICTION] += friction
        state[E_CORE] += core
        heat(state, par, stator, rotor, friction, core, h)
    state[Q_STATOR_SQ] = square / (steps * h)
    return square / (steps * h)


@kernel
def electromagnetic_torque(state, par):
    """Return the air-gap torque [N m] of the present state."""
    a, b, _, _ = currents(state[PSD], state[PSQ], state[PRD], state[PRQ], par[P_LS], par[P_LR], par[P_LM])
    return 1.5 * par[P_POLES] * (state[PSD] * b - state[PSQ] * a)


@kernel
def is_finite(state):
    """Return whether every state is a finite number."""
    return np.all(np.isfinite(state))
