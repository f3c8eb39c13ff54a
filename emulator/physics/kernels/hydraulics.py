"""Centrifugal pump in a pipe circuit: curve, leakage, cavitation, and the implicit step of the flow.

    H = φ(σ) (H0 n_r² - a2 Q_i²),  Q_i = Q + Q_l,  Q_l = c sqrt(H_curve/H_b)
    (Σ L/A) dQ/dt = g (H - H_static - K Q²),  Q >= 0 behind the check valve

Q is the delivered flow, Q_i the flow through the impeller. The leak makes Q_i the root of a quadratic, so
that everything is explicit in Q and only the flow itself needs a root search.
"""

import math

from emulator.kernel import kernel

G = 9.80665
SIGMA_MAX = 1.0e3  # a standing pump has no NPSH3: its cavitation number is cut here

# pump: float64[12]; C_ORDER -1: phases swapped, the impeller turns backwards; C_GAS: volume fraction of gas
(
    C_OMEGA0, C_FLOW, C_HEAD, C_H0, C_A2, C_ETA, C_LEAK, C_NPSH0, C_NPSH1, C_ORDER, C_GAS, C_DRY,
) = range(12)  # fmt: skip
PUMP_SIZE = 12

# circuit: float64[8]
(N_STATIC, N_RESISTANCE, N_INERTANCE, N_SUCTION_NET, N_SUCTION_K, N_SUCTION_AREA, N_VAPOUR, N_DENSITY) = range(8)
CIRCUIT_SIZE = 8

# out: float64[14]
(
    O_FLOW, O_HEAD, O_POWER, O_TORQUE, O_TORQUE_SLOPE, O_SIGMA, O_PHI, O_IMPELLER_FLOW, O_X, O_NPSHA,
    O_ITERATIONS, O_HYDRAULIC, O_TORQUE_CURVATURE, O_SPEED,
) = range(14)  # fmt: skip
OUT_SIZE = 14


@kernel
def impeller_flow(q, n2, pump):
    """Return the flow through the impeller Q_i [m³/s] that delivers ``q`` at speed ratio squared ``n2``."""
    kappa = pump[C_LEAK] * pump[C_LEAK] / pump[C_HEAD]
    if kappa == 0.0:
        return q
    h0 = pump[C_H0] * n2
    if h0 <= pump[C_A2] * q * q:  # no head, nothing drives the leak
        return q
    a = 1.0 + kappa * pump[C_A2]
    return (q + math.sqrt(max(q * q - a * (q * q - kappa * h0), 0.0))) / a


@kernel
def cavitation_factor(sigma):
    """Return φ = 1 - 0.03 σ^-8, not below 0.2.

    The head drops by exactly 3 % at σ = 1 (definition of NPSH3).
    """
    if sigma <= 0.66:
        return 0.2
    s2 = sigma * sigma
    s4 = s2 * s2
    return max(1.0 - 0.03 / (s4 * s4), 0.2)


@kernel
def npsh_available(q, circuit):
    """Return NPSHa [m]: absolute total head at the suction flange over vapour pressure."""
    # The static reading loses v²/2g and NPSHa adds it again: only the losses remain.
    return circuit[N_SUCTION_NET] - circuit[N_SUCTION_K] * q * q - circuit[N_VAPOUR]


@kernel
def head_of(q, omega, pump, circuit):
    """Return (head [m], Q_i, x, sigma, φ, NPSHa, curve head) at flow ``q`` and speed ``omega`` [rad/s]."""
    n = omega / pump[C_OMEGA0]
    n2 = n * n
    h_gain = 1.0
    if omega < 0.0:
        h_gain = 0.6  # reversed rotation
    n2h = n2 * h_gain
    qi = impeller_flow(q, n2h, pump)
    curve = pump[C_H0] * n2h - pump[C_A2] * qi * qi
    speed_flow = abs(n) * pump[C_FLOW]
    x = qi / speed_flow if speed_flow > 1e-9 else 0.0
    npsha = npsh_available(q, circuit)
    npsh3 = n2 * pump[C_NPSH0] + pump[C_NPSH1] * (qi / pump[C_FLOW]) ** 2
    sigma = SIGMA_MAX
    if npsh3 > 0.0 and npsha < SIGMA_MAX * npsh3:  # the quotient of a shaft that hardly turns would overflow
        sigma = npsha / npsh3 if npsha > 0.0 else 0.0
    phi = cavitation_factor(sigma) * pump[C_DRY]
    head = phi * curve if curve > 0.0 else curve
    return head, qi, x, sigma, phi, npsha, curve


@kernel
def shaft_torque(q, omega, pump, circuit):
    """Return the torque [N m] the pump takes: P/ω with P = ρ g n_r Q_b H/(η_b (2 - x)), finite at Q = 0."""
    head, _, x, _, _, _, _ = head_of(q, omega, pump, circuit)
    if head <= 0.0:
        return 0.0
    eta = pump[C_ETA] if omega >= 0.0 else 0.5 * pump[C_ETA]
    # Beyond x = 2 the parabola's efficiency is zero; a coasting pump passes through there with no head left.
    t = circuit[N_DENSITY] * G * pump[C_FLOW] * head / (pump[C_OMEGA0] * eta * (2.0 - min(x, 1.9)))
    return t if omega >= 0.0 else -t


@kernel
def _residual(q, omega, q_old, inverse_dt, pump, circuit):
    head = head_of(q, omega, pump, circuit)[0]
    need = circuit[N_STATIC] + circuit[N_RESISTANCE] * q * q
    return circuit[N_INERTANCE] / G * (q - q_old) * inverse_dt + need - head


@kernel
def solve_flow(omega, q_old, inverse_dt, pump, circuit):
    """Return (Q [m³/s], iterations) after an implicit step; ``inverse_dt`` = 0 gives the steady point.

    The residual rises with Q (head falls, need grows), so a bracketed Newton search cannot lose the root.
    """
    low = 0.0
    r_low = _residual(low, omega, q_old, inverse_dt, pump, circuit)
    if r_low >= 0.0:
        return 0.0, 0  # check valve shut
    high = max(q_old, 0.1 * pump[C_FLOW])
    count = 0
    while _residual(high, omega, q_old, inverse_dt, pump, circuit) < 0.0 and count < 60:
        low = high
        high *= 2.0
        count += 1
    q = min(max(q_old, low), high)
    step = 1e-6 * pump[C_FLOW]
    for k in range(80):
        r = _residual(q, omega, q_old, inverse_dt, pump, circuit)
        if r == 0.0:
            return q, k + count
        if r < 0.0:
            low = q
        else:
            high = q
        slope = (_residual(q + step, omega, q_old, inverse_dt, pump, circuit) - r) / step
        new = q - r / slope if slope > 0.0 else 0.5 * (low + high)
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - q) <= 1e-15 * pump[C_FLOW] + 2e-16 * abs(q):
            return new, k + count
        q = new
    return q, 80


# Two-stage, L-stable, second order (SDIRK2, Alexander 1977): a nearly shut valve makes the flow very stiff.
GAMMA = 1.0 - math.sqrt(0.5)


@kernel
def advance_flow(omega, q_old, dt, pump, circuit):
    """Return (Q [m³/s], iterations) after ``dt`` [s] at constant speed; ``dt`` = 0 gives the steady point."""
    if dt == 0.0:
        return solve_flow(omega, q_old, 0.0, pump, circuit)
    inverse = 1.0 / (GAMMA * dt)
    first, n = solve_flow(omega, q_old, inverse, pump, circuit)
    base = q_old + (1.0 - GAMMA) / GAMMA * (first - q_old)
    second, m = solve_flow(omega, base, inverse, pump, circuit)
    return second, n + m


@kernel
def operating_point(q, omega, order, pump, circuit, out):
    """Fill ``out`` at a flow and speed of the impeller's frame, turned back to the shaft's by ``order`` (±1)."""
    head, qi, x, sigma, phi, npsha, _ = head_of(q, omega, pump, circuit)
    torque = shaft_torque(q, omega, pump, circuit)
    d = 1e-4 * (abs(omega) + 1.0)
    above, below = shaft_torque(q, omega + d, pump, circuit), shaft_torque(q, omega - d, pump, circuit)
    slope = (above - below) / (2.0 * d)
    curvature = 0.5 * (above - 2.0 * torque + below) / (d * d)
    out[O_FLOW] = q
    out[O_HEAD] = head
    out[O_POWER] = torque * omega
    out[O_TORQUE] = torque * order
    out[O_SPEED] = omega * order
    # Bounds for the kinks of the curve (no head, x beyond 1.9); usual are 0.8 N m s and 0.004 N m s².
    out[O_TORQUE_SLOPE] = min(max(slope, 0.0), 5.0)
    out[O_TORQUE_CURVATURE] = min(max(curvature, -0.02), 0.02) * order
    out[O_SIGMA] = sigma
    out[O_PHI] = phi
    out[O_IMPELLER_FLOW] = qi
    out[O_X] = x
    out[O_NPSHA] = npsha
    out[O_HYDRAULIC] = circuit[N_DENSITY] * G * q * head


@kernel
def pump_step(omega, q_old, dt, pump, circuit, out):
    """Step the flow by ``dt`` at one speed and fill ``out`` with the operating point (layout above).

    With the phases swapped the kernel works in the impeller's frame and turns the torque back at the end.
    """
    order = -1.0 if pump[C_ORDER] < 0.0 else 1.0
    omega *= order
    q, n = advance_flow(omega, q_old, dt, pump, circuit)
    operating_point(q, omega, order, pump, circuit, out)
    out[O_ITERATIONS] = n
    return q


@kernel
def collapse_intensity(sigma):
    """Return how hard bubbles collapse, 0 … 1: none above σ = 3.5, most at 1.2, cushioned by vapour below 0.9."""
    if sigma >= 3.5:
        return 0.0
    if sigma >= 1.2:
        share = (3.5 - sigma) / 2.3
        return share * share
    return 1.0 if sigma >= 0.9 else max(sigma / 0.9, 0.0)


@kernel
def saturation_k(pressure_pa):
    """Return the boiling temperature [K] of water, 1 kPa … 2 MPa (Antoine's form, within 0.5 K)."""
    mmhg = max(pressure_pa, 100.0) / 133.322
    log = math.log10(mmhg)
    celsius = 1730.63 / (8.07131 - log) - 233.426
    if celsius > 100.0:
        celsius = 1810.94 / (8.14019 - log) - 244.485
    return celsius + 273.15
