"""Many pump sets stepped as arrays: motor in its T-circuit, shaft, flow, temperatures, bearing damage.

Units do not meet, so any share of them may be stepped by any thread, and any number of ticks at a time.

    J dω/dt = T_e(ω) − T_p(ω, Q) − Bω − T_b,  (Σ L/A) dQ/dt = g (H(ω, Q) − H_static − K Q²),  Q ≥ 0

T_e is the steady torque of the T-circuit at the slip of the moment (quasi-steady; the four fluxes die out within a
few periods). Two-stage L-stable Rosenbrock step (Verwer et al. 1999, ROS2) for ω and Q together. Energies are booked
with the torque the step really applied, J Δω/Δt plus loads, times the mean speed: accounts close to rounding.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.hydraulics import cavitation_factor
from emulator.physics.kernels.philox import TWO_PI

G = 9.80665
SIGMA_MAX = 1.0e3
GAMMA = 1.0 - math.sqrt(0.5)
CP = 4184.0

# state: float64[17, n]
(
    OMEGA, FLOW, T_WINDING, T_FRAME, T_CASING, T_BEARING, DAMAGE, TURNS, FRAC,
    E_IN, E_STATOR, E_ROTOR, E_FRICTION, E_SHAFT, E_HYDRAULIC, E_AIR, E_BEARING,
) = range(17)  # fmt: skip
STATES = 17

# out: float64[9, n], of the last tick
O_HEAD, O_CURRENT, O_POWER, O_SHAFT, O_SIGMA, O_TORQUE, O_X, O_LOAD, O_SPALL = range(9)
OUTS = 9

# constants: float64[36, n]
(
    P_POLES, P_RS, P_RR, P_LS, P_LR, P_LM, P_INERTIA, P_FRICTION, P_CW, P_CF, P_GWF, P_GFA, P_STANDSTILL, P_FAN,
    P_OMEGA0, P_QB, P_HB, P_H0, P_A2, P_ETA, P_NPSH0, P_NPSH1, P_STATIC, P_K, P_INERTANCE, P_NET, P_KS,
    P_LOAD, P_THRUST, P_BORE_MU, P_RATING, P_LIFE, P_GROWTH, P_CB, P_GB, P_CCASE,
) = range(36)  # fmt: skip
PARAMETERS = 36

# condition: float64[8, n]
C_HEAD_GAIN, C_LEAK, C_SUCTION, C_FAN, C_BEARING, C_SPALL, C_GRADE, C_RUN = range(8)
CONDITIONS = 8

# common: float64[9]
U_VOLT, U_WE, U_AMBIENT, U_FLUID, U_DENSITY, U_VAPOUR, U_FEEDBACK, U_ACCELERATION, U_SPARE = range(9)
COMMONS = 9

MOTOR_SHARE, CASING_AIR = 0.15, 5.0  # of the bearing's conductance, towards the motor; W/K
REFERENCE_K = 293.15
COPPER_PER_K, ALUMINIUM_PER_K = 0.00393, 0.00403
STANDSTILL_RAD_S = 0.2
FULL_SPALL_MM, FIRST_SPALL_MM = 4.0, 0.2


@kernel
def motor_torque(w, we, volt, rs, rr, xs, xr, xm, poles):
    """Return torque [N m] and the square of the rms line current [A²] at speed `w`, by Thévenin's circuit.

    volt : phase, rms · reactances [Ω] : stator and rotor leakage, magnetising; s on top, so that s = 0 is ordinary.
    """
    s = (we - poles * w) / we
    xa = xs + xm
    d = rs * rs + xa * xa
    square = volt * volt * xm * xm / d
    r_th = xm * xm * rs / d
    x_th = xm * (rs * rs + xs * xa) / d
    a = r_th * s + rr
    b = (x_th + xr) * s
    torque = 3.0 * poles / we * square * rr * s / (a * a + b * b)
    # Z = R_s + jX_s + jX_m (R_r + jsX_r)/(R_r + js(X_m + X_r))
    c = s * (xm + xr)
    e = rr * rr + c * c
    nr, ni = -s * xm * xr, xm * rr
    zr = rs + (nr * rr + ni * c) / e
    zi = xs + (ni * rr - nr * c) / e
    return torque, volt * volt / (zr * zr + zi * zi)


@kernel
def pump_point(w, q, i, p, c, u):
    """Return head [m], torque [N m], σ and x of unit `i` at speed w ≥ 0 and flow q ≥ 0 (as `hydraulics.head_of`)."""
    n = w / p[P_OMEGA0, i]
    n2 = n * n
    h0 = p[P_H0, i] * c[C_HEAD_GAIN, i] * n2
    a2, qb = p[P_A2, i], p[P_QB, i]
    qi = q
    leak = c[C_LEAK, i] * qb
    if leak > 0.0 and h0 > a2 * q * q:
        kappa = leak * leak / p[P_HB, i]
        a = 1.0 + kappa * a2
        qi = (q + math.sqrt(max(q * q - a * (q * q - kappa * h0), 0.0))) / a
    curve = h0 - a2 * qi * qi
    speed_flow = n * qb
    x = qi / speed_flow if speed_flow > 1e-9 else 0.0
    available = p[P_NET, i] - (p[P_KS, i] + c[C_SUCTION, i]) * q * q - u[U_VAPOUR]
    needed = n2 * p[P_NPSH0, i] + p[P_NPSH1, i] * (qi / qb) ** 2
    sigma = SIGMA_MAX
    if needed > 0.0 and available < SIGMA_MAX * needed:
        sigma = max(available / needed, 0.0)
    head = curve * cavitation_factor(sigma) if curve > 0.0 else curve
    torque = 0.0
    if head > 0.0:
        torque = u[U_DENSITY] * G * qb * head / (p[P_OMEGA0, i] * p[P_ETA, i] * (2.0 - min(x, 1.9)))
    return head, torque, sigma, x


@kernel
def _rates(w, q, i, p, c, u, rs, rr, on):
    te = 0.0
    if on:
        we, lm = u[U_WE], p[P_LM, i]
        te, _ = motor_torque(
            w, we, u[U_VOLT], rs, rr, we * (p[P_LS, i] - lm), we * (p[P_LR, i] - lm), we * lm, p[P_POLES, i]
        )
    w, q = max(w, 0.0), max(q, 0.0)
    head, torque, _, x = pump_point(w, q, i, p, c, u)
    drag = _excess(w, head, x, i, p, c)
    need = p[P_STATIC, i] + (p[P_K, i] + c[C_SUCTION, i]) * q * q
    return (te - torque - p[P_FRICTION, i] * w - drag) / p[P_INERTIA, i], G * (head - need) / p[P_INERTANCE, i]


@kernel
def _load(head, x, i, p):
    y = min(x, 2.0)
    return p[P_LOAD, i] + p[P_THRUST, i] * max(head, 0.0) / p[P_HB, i] * abs(1.0 - y * y)


@kernel
def _excess(w, head, x, i, p, c):
    """Torque [N m] that two dry bearings take beyond the healthy friction, which B holds; fades towards rest."""
    return (c[C_BEARING, i] - 1.0) * 2.0 * 0.5 * p[P_BORE_MU, i] * _load(head, x, i, p) * min(w, 1.0)


@kernel
def spall_mm(damage, life, growth):
    """Return the spall's width: none until the unit's own life is spent, then w = 0.2·20^s mm over a growth time."""
    if damage < life:
        return 0.0
    return FIRST_SPALL_MM * 20.0 ** min((damage - life) / growth, 1.0)


@kernel
def advance(first, last, ticks, h, state, p, c, u, out, note):
    """Advance the units first … last-1 by `ticks` ticks of `h` [s] under constant conditions.

    note float64[m, ticks, 2] : speed and radial load of the first m units after each tick, for their vibration.
    """
    for start in range(first, last, 64):
        for t in range(ticks):
            for i in range(start, min(start + 64, last)):
                w, q = state[OMEGA, i], state[FLOW, i]
                on = c[C_RUN, i] > 0.0 and u[U_WE] > 0.0 and u[U_VOLT] > 0.0
                rise = (state[T_WINDING, i] - REFERENCE_K) * u[U_FEEDBACK]
                rs = p[P_RS, i] * (1.0 + COPPER_PER_K * rise)
                rr = p[P_RR, i] * (1.0 + ALUMINIUM_PER_K * rise)
                load_0 = _taken(w, q, i, p, c, u)
                w1, q1 = _step(w, q, h, i, p, c, u, rs, rr, on)
                if not on and w1 < STANDSTILL_RAD_S:
                    w1 = 0.0  # static friction holds what viscous friction would let creep for ever
                state[OMEGA, i], state[FLOW, i] = w1, q1
                _book(w, w1, load_0, h, i, state, p, c, u, out, rs, rr, on)
                if i < note.shape[0]:
                    note[i, t, 0] = w1
                    note[i, t, 1] = out[O_LOAD, i]


@kernel
def _taken(w, q, i, p, c, u):
    head, torque, _, x = pump_point(w, q, i, p, c, u)
    return torque + _excess(w, head, x, i, p, c)


@kernel
def _step(w, q, h, i, p, c, u, rs, rr, on):
    """Return speed and flow after `h`: ROS2, Jacobian by differences."""
    f0, g0 = _rates(w, q, i, p, c, u, rs, rr, on)
    dw, dq = 1e-6 * (w + 1.0), 1e-6 * p[P_QB, i]
    f1, g1 = _rates(w + dw, q, i, p, c, u, rs, rr, on)
    f2, g2 = _rates(w, q + dq, i, p, c, u, rs, rr, on)
    shut = q <= 0.0 and g0 <= 0.0
    if shut:
        g0, g1, g2 = 0.0, 0.0, 0.0
    y = GAMMA * h
    a, b = 1.0 - y * (f1 - f0) / dw, -y * (f2 - f0) / dq
    d, e = -y * (g1 - g0) / dw, 1.0 - y * (g2 - g0) / dq
    det = 1.0 / (a * e - b * d)
    kw, kq = (e * f0 - b * g0) * det, (a * g0 - d * f0) * det
    f3, g3 = _rates(w + h * kw, q + h * kq, i, p, c, u, rs, rr, on)
    if shut:
        g3 = 0.0
    f3, g3 = f3 - 2.0 * kw, g3 - 2.0 * kq
    lw, lq = (e * f3 - b * g3) * det, (a * g3 - d * f3) * det
    return max(w + h * (1.5 * kw + 0.5 * lw), 0.0), max(q + h * (1.5 * kq + 0.5 * lq), 0.0)


@kernel
def _relax(temperature, power, conductance, sink, heat, h):
    final = sink + power / conductance
    return final - (final - temperature) * math.exp(-conductance * h / heat)


@kernel
def _book(w0, w1, load_0, h, i, state, p, c, u, out, rs, rr, on):
    """Book a tick: energies, heat, damage, angle, and what a meter would show."""
    q = state[FLOW, i]
    head, torque, sigma, x = pump_point(w1, q, i, p, c, u)
    load = _load(head, x, i, p)
    mean = 0.5 * (w0 + w1)
    kinetic = 0.5 * p[P_INERTIA, i] * (w1 * w1 - w0 * w0)
    taken = 0.5 * (load_0 + torque + _excess(w1, head, x, i, p, c)) * mean * h
    bearing = c[C_BEARING, i] * 0.5 * p[P_BORE_MU, i] * load
    dry = min(0.5 * (_excess(w0, head, x, i, p, c) + _excess(w1, head, x, i, p, c)) * mean * h, taken)
    drag = p[P_FRICTION, i] * mean * mean * h
    stator = rotor = current_2 = 0.0
    if on:
        we, lm = u[U_WE], p[P_LM, i]
        _, current_2 = motor_torque(
            mean, we, u[U_VOLT], rs, rr, we * (p[P_LS, i] - lm), we * (p[P_LR, i] - lm), we * lm, p[P_POLES, i]
        )
        stator = 3.0 * rs * current_2 * h
        delivered = kinetic + taken + drag
        # what crosses the gap turns with the field: its torque times the slip speed stays in the rotor
        rotor = delivered * (we / p[P_POLES, i] - mean) / mean if mean > 0.0 else 0.0
        state[E_IN, i] += stator + rotor + delivered
        out[O_POWER, i] = (stator + rotor + delivered) / h
    else:
        out[O_POWER, i] = 0.0
        drag = -kinetic - taken  # coasting: what the loads do not take, friction does
    state[E_STATOR, i] += stator
    state[E_ROTOR, i] += rotor
    state[E_FRICTION, i] += drag
    state[E_SHAFT, i] += taken - dry
    state[E_BEARING, i] += dry
    hydraulic = u[U_DENSITY] * G * q * head
    state[E_HYDRAULIC, i] += hydraulic * h

    share = min(1.0, w1 / p[P_FAN, i])
    cooling = p[P_GFA, i] * (p[P_STANDSTILL, i] + (1.0 - p[P_STANDSTILL, i]) * share) * (1.0 - 0.6 * c[C_FAN, i])
    across = p[P_GWF, i] * (state[T_WINDING, i] - state[T_FRAME, i])
    air = cooling * (state[T_FRAME, i] - u[U_AMBIENT])
    state[T_WINDING, i] += (stator + 0.5 * rotor - across * h) / p[P_CW, i]
    state[T_FRAME, i] += (0.5 * rotor + drag + (across - air) * h) / p[P_CF, i]
    state[E_AIR, i] += air * h
    through = u[U_DENSITY] * CP * q
    total = through + CASING_AIR
    sink = (through * u[U_FLUID] + CASING_AIR * u[U_AMBIENT]) / total
    state[T_CASING, i] = _relax(state[T_CASING, i], torque * w1 - hydraulic, total, sink, p[P_CCASE, i], h)
    warm = u[U_AMBIENT] + MOTOR_SHARE * (state[T_FRAME, i] - u[U_AMBIENT])
    state[T_BEARING, i] = _relax(state[T_BEARING, i], bearing * w1, p[P_GB, i], warm, p[P_CB, i], h)

    # ISO 281: L10 = 1e6 (C/P)³ turns
    turned = mean * h / TWO_PI
    state[DAMAGE, i] += u[U_ACCELERATION] * turned * 1e-6 * (load / p[P_RATING, i]) ** 3
    angle = state[FRAC, i] + turned
    whole = math.floor(angle)
    state[TURNS, i] += whole
    state[FRAC, i] = angle - whole
    out[O_HEAD, i], out[O_SHAFT, i], out[O_SIGMA, i], out[O_TORQUE, i] = head, torque * w1, sigma, torque
    out[O_CURRENT, i], out[O_X, i], out[O_LOAD, i] = math.sqrt(current_2), x, load
    out[O_SPALL, i] = max(c[C_SPALL, i], spall_mm(state[DAMAGE, i], p[P_LIFE, i], p[P_GROWTH, i]))


@kernel
def _spare_head(q, w, i, p, c, u):
    return pump_point(w, q, i, p, c, u)[0] - p[P_STATIC, i] - (p[P_K, i] + c[C_SUCTION, i]) * q * q


@kernel
def steady_flow(w, i, p, c, u):
    """Return the flow [m³/s] at which the pump gives what its loop takes; regula falsi, Illinois form."""
    low, high = 0.0, 4.0 * p[P_QB, i]
    f_low, f_high = _spare_head(low, w, i, p, c, u), _spare_head(high, w, i, p, c, u)
    if f_low <= 0.0:
        return 0.0
    q = low
    side = 0
    for _ in range(200):
        last = q
        q = (low * f_high - high * f_low) / (f_high - f_low)
        f = _spare_head(q, w, i, p, c, u)
        if f == 0.0 or abs(q - last) <= 4e-16 * q:
            break
        if f > 0.0:
            low, f_low = q, f
            f_high *= 0.5 if side > 0 else 1.0
            side = 1
        else:
            high, f_high = q, f
            f_low *= 0.5 if side < 0 else 1.0
            side = -1
    return q


@kernel
def _spare_torque(w, i, p, c, u, rs, rr):
    we, lm = u[U_WE], p[P_LM, i]
    te, current_2 = motor_torque(
        w, we, u[U_VOLT], rs, rr, we * (p[P_LS, i] - lm), we * (p[P_LR, i] - lm), we * lm, p[P_POLES, i]
    )
    return te - _taken(w, steady_flow(w, i, p, c, u), i, p, c, u) - p[P_FRICTION, i] * w, te, current_2


@kernel
def steady_speed(i, p, c, u, rs, rr):
    """Return the speed [rad/s] at which torque and load meet, above the breakdown slip; that of breakdown if none."""
    we, lm = u[U_WE], p[P_LM, i]
    xs, xr, xm = we * (p[P_LS, i] - lm), we * (p[P_LR, i] - lm), we * lm
    xa = xs + xm
    d = rs * rs + xa * xa
    source = math.hypot(xm * xm * rs / d, xm * (rs * rs + xs * xa) / d + xr)
    high = we / p[P_POLES, i]
    low = high * (1.0 - min(rr / source, 1.0))
    f_low, f_high = _spare_torque(low, i, p, c, u, rs, rr)[0], _spare_torque(high, i, p, c, u, rs, rr)[0]
    if f_low <= 0.0:
        return low
    w = low
    side = 0
    for _ in range(100):
        last = w
        w = (low * f_high - high * f_low) / (f_high - f_low)
        f = _spare_torque(w, i, p, c, u, rs, rr)[0]
        if f == 0.0 or abs(w - last) <= 4e-16 * w:
            break
        if f > 0.0:
            low, f_low = w, f
            f_high *= 0.5 if side > 0 else 1.0
            side = 1
        else:
            high, f_high = w, f
            f_low *= 0.5 if side < 0 else 1.0
            side = -1
    return w


@kernel
def settle(first, last, state, p, c, u, out):
    """Bring the running units first … last-1 to thermal equilibrium; others to rest at ambient temperature."""
    nothing = np.empty((0, 1, 2))
    for i in range(first, last):
        on = c[C_RUN, i] > 0.0 and u[U_WE] > 0.0 and u[U_VOLT] > 0.0
        state[T_WINDING, i] = state[T_FRAME, i] = state[T_CASING, i] = state[T_BEARING, i] = u[U_AMBIENT]
        state[OMEGA, i] = state[FLOW, i] = 0.0
        if on:
            for _ in range(60):
                before = state[T_WINDING, i]
                rise = (before - REFERENCE_K) * u[U_FEEDBACK]
                rs = p[P_RS, i] * (1.0 + COPPER_PER_K * rise)
                rr = p[P_RR, i] * (1.0 + ALUMINIUM_PER_K * rise)
                w = steady_speed(i, p, c, u, rs, rr)
                _, te, current_2 = _spare_torque(w, i, p, c, u, rs, rr)
                stator, rotor = 3.0 * rs * current_2, te * (u[U_WE] / p[P_POLES, i] - w)
                share = min(1.0, w / p[P_FAN, i])
                cooling = p[P_GFA, i] * (p[P_STANDSTILL, i] + (1.0 - p[P_STANDSTILL, i]) * share)
                cooling *= 1.0 - 0.6 * c[C_FAN, i]
                frame = u[U_AMBIENT] + (stator + rotor + p[P_FRICTION, i] * w * w) / cooling
                state[T_FRAME, i] = frame
                state[T_WINDING, i] = frame + (stator + 0.5 * rotor) / p[P_GWF, i]
                if abs(state[T_WINDING, i] - before) < 1e-10:
                    break
            q = steady_flow(w, i, p, c, u)
            state[OMEGA, i], state[FLOW, i] = w, q
            head, torque, _, x = pump_point(w, q, i, p, c, u)
            through = u[U_DENSITY] * CP * q
            loss = torque * w - u[U_DENSITY] * G * q * head
            total = through + CASING_AIR
            state[T_CASING, i] = (through * u[U_FLUID] + CASING_AIR * u[U_AMBIENT] + loss) / total
            bearing = c[C_BEARING, i] * 0.5 * p[P_BORE_MU, i] * _load(head, x, i, p)
            warm = u[U_AMBIENT] + MOTOR_SHARE * (state[T_FRAME, i] - u[U_AMBIENT])
            state[T_BEARING, i] = warm + bearing * w / p[P_GB, i]
        kept = state[DAMAGE:, i].copy()
        advance(i, i + 1, 1, 1e-9, state, p, c, u, out, nothing)
        state[DAMAGE:, i] = kept
