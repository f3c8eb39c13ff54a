"""Induction machine with an asymmetry: one call advances a tick, events located inside its substeps.

The equations stand in `motor_stage`; here they are stepped by fourth-order Runge-Kutta, shorted turns by their exact
response, and a phase that stops or begins to conduct is met at its instant.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels import motor as m
from emulator.physics.kernels import motor_supply as v
from emulator.physics.kernels.motor_stage import (
    A_CONTACT,
    A_LOCKED,
    A_SHORTED,
    A_SPOT_J_K,
    A_SPOT_W_K,
    ALL,
    FREE,
    K_CORE,
    K_DIA,
    K_DIB,
    K_DRIVE,
    K_FRICTION,
    K_HOLD,
    K_IA,
    K_IB,
    K_IN,
    K_LOOP_L,
    K_REACTIVE,
    K_ROTOR,
    K_SHAFT,
    K_SIZE,
    K_SQUARE,
    K_STATOR,
    K_TORQUE,
    K_UA,
    K_UB,
    K_WA,
    ONE,
    THIRD,
    X_LOOP_A,
    X_OPEN,
    X_REACTIVE,
    X_ROTOR_TURN,
    X_SHORT_J,
    X_SPOT_RISE_K,
    X_TORQUE,
    ZERO_A,
    field_energy,
    hold_all_at_zero,
    hold_at_zero,
    interrupt,
    line_current,
    stage,
)


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
    for n in range(4):
        x = 0.0 if n == 0 else (h if n == 3 else 0.5 * h)
        for j in range(6):
            trial[j] = y[j] if n == 0 else y[j] + x * k[n - 1, j]
        if mu > 0.0 and n > 0:
            w0, loop_l = k[0, K_DRIVE], k[0, K_LOOP_L]
            w1 = k[n - 1, K_DRIVE]
            if n == 3:
                i_now = _loop(i_f, w0, w1, 2.0 * w1 - w0, h, h, z, loop_l)
            else:
                i_now = _loop(i_f, w0, 0.5 * (w0 + w1), w1, 0.5 * h, 0.5 * h, z, loop_l)
        ua, ub = _drive_voltage(vp, t + x, pulsed, leg_on, ex, ey, pa, pb, p0)
        stage(trial, i_now, ua, ub, mode, ex, ey, par, asym, load, k[n])
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
        i_f = interrupt(y, i_f, par, asym)
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
        while left > 0.0:
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
                    stage(y, i_f, ua, ub, ONE, ex, ey, par, asym, load, k[0])
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
            if leg and connected and not is_open and abs(current) < ZERO_A:
                # A leg that was let go but would conduct the wrong way within the step stays at zero.
                after = line_current(out, end, ex, ey, par, asym)
                if (after > 0.0) != leg_on:
                    is_open, mode = True, ONE
                    end, lost, contact, local = _step(
                        y, i_f, t, width, mode, False, ex, ey, pulsed, pa, pb, p0, par, asym, vp, load, k, out,
                    )  # fmt: skip
            elif connected and phase >= 0 and not is_open and pieces < 6:
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
                hold_all_at_zero(y, end, par, asym)
            elif is_open:
                hold_at_zero(y, end, ex, ey, par, asym)
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
