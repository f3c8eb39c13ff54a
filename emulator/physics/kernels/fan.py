"""Belt-driven fan: the operating point, the implicit step of its shaft, and the shaking of its casing.

    Δp = (ρ/ρ0)(Δp0 n_r² - b Q²) = ½ K_d ρ Q² + K_f Q        P = n_r Q_b Δp/(η_b (2 - x)),  x = Q/(n_r Q_b)
    belt: F1 - F2 = F_max·s/√(s² + s0²),  F_max = 2 F0 (e^{µθ} - 1)/(e^{µθ} + 1),  s the slip

The law of the belt creeps in proportion at small pull and slides freely at the pull that the wrap can hold (Euler).
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI

# par: float64[20]
(
    W0, Q_B, P0, B_Q, ETA, DENSITY, RHO0, DUCT, FILTER, J, R1, R2, F_MAX, S0, V_MIN, FRICTION, STALL_FACTOR,
) = range(17)  # fmt: skip
PAR_SIZE = 20

# out: float64[8]
O_FLOW, O_PRESSURE, O_TORQUE, O_X, O_PULL, O_SLIP, O_POWER = range(7)
OUT_SIZE = 8


@kernel
def operating_point(w, stalled, par):
    """Return (Q [m³/s], Δp [Pa], torque [N m], x) of the fan at a speed [rad/s] in its duct; explicit, no search."""
    n = abs(w) / par[W0]
    ratio = par[DENSITY] / par[RHO0]
    shut = ratio * par[P0] * n * n * (par[STALL_FACTOR] if stalled else 1.0)
    a = ratio * par[B_Q] + 0.5 * par[DUCT] * par[DENSITY]
    b = par[FILTER]
    q = 2.0 * shut / (b + math.sqrt(b * b + 4.0 * a * shut)) if shut > 0.0 else 0.0
    pressure = shut - ratio * par[B_Q] * q * q
    x = q / (n * par[Q_B]) if n > 1e-9 else 0.0
    torque = par[Q_B] * pressure / (par[W0] * par[ETA] * (2.0 - min(x, 1.9)))
    return q, pressure, torque, x


@kernel
def pull(w1, w2, par):
    """Return (F1 - F2 [N], slip, slope of the pull in the sliding speed [N s/m])."""
    v1 = w1 * par[R1]
    slide = v1 - w2 * par[R2]
    # At rest there is no slip ratio: below a crawl the belt is taken to creep as at that crawl.
    reference = max(abs(v1), par[V_MIN])
    s = slide / reference
    root = math.sqrt(s * s + par[S0] * par[S0])
    force = par[F_MAX] * s / root
    slope = par[F_MAX] * par[S0] * par[S0] / (root * root * root) / reference
    return force, s, slope


@kernel
def fan_step(w1, w2, dt, stalled, par, out):
    """Return the fan's speed after `dt` at motor speed `w1`, implicitly: the belt is stiff near standstill."""
    w = w2
    low, high = -1e4, 1e4
    for _ in range(60):
        force, s, slope = pull(w1, w, par)
        q, pressure, torque, x = operating_point(w, stalled, par)
        drag = torque if w >= 0.0 else -torque
        g = par[J] * (w - w2) / dt - force * par[R2] + drag + par[FRICTION] * w
        if g > 0.0:
            high = w
        else:
            low = w
        d = par[J] / dt + slope * par[R2] * par[R2] + 2.0 * torque / max(abs(w), 1.0) + par[FRICTION]
        new = w - g / d
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - w) <= 1e-13 * (1.0 + abs(w)):
            w = new
            break
        w = new
    force, s, _ = pull(w1, w, par)
    q, pressure, torque, x = operating_point(w, stalled, par)
    out[O_FLOW], out[O_PRESSURE], out[O_TORQUE], out[O_X] = q, pressure, torque, x
    out[O_PULL], out[O_SLIP], out[O_POWER] = force, s, torque * w
    return w


@kernel
def shake(
    n0, rate, first, lead, tick_s, speed, frac, belt_turns, belt_hz, unbalance, phase, blades, blade_n, crack,
    belt_n, stall_n, flow_m_s2, normal, normal_stall, pole, gain0, gain1, mass, state, out,
):  # fmt: skip
    """Fill `out` with the casing's acceleration [m/s²]: one support mode under all forces, and flow noise.

    speed float64[k+1]; frac, belt_turns, belt_hz, blade_n, stall_n, flow_m_s2 float64[k] at the starts of the ticks;
    unbalance [kg m] about `phase` [turns]. First-order hold, exact for a force linear between samples.
    state complex128[3]: mode, stall cell, last force (real) with a flag (imaginary).
    """
    omega2 = pole.real * pole.real + pole.imag * pole.imag
    damping = -2.0 * pole.real
    turn = np.exp(pole / rate)
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        for i in range(max(first[tick] - n0, 0), min(first[tick + 1] - n0, out.shape[0])):
            t = lead[tick] + (n0 + i - first[tick]) / rate
            w = speed[tick] + slope * t
            turns = frac[tick] + (speed[tick] + 0.5 * slope * t) * t / TWO_PI
            theta = TWO_PI * turns
            force = unbalance * w * w * math.cos(theta + TWO_PI * phase)
            force += blade_n[tick] * (1.0 + crack * math.cos(theta)) * math.cos(blades * theta)
            belt = TWO_PI * (belt_turns[tick] + belt_hz[tick] * t)
            for k in range(1, 5):
                force += belt_n / k * math.cos(k * belt)
            # A stall cell turns at about half the rotor's speed and comes and goes within some turns.
            cell = complex(-0.08 * abs(w), 0.5 * w) / rate
            state[1] = state[1] * np.exp(cell) + normal_stall[i] * math.sqrt(max(0.32 * abs(w) / rate, 0.0))
            force += stall_n[tick] * state[1].real
            if state[2].imag == 0.0:
                state[2] = complex(force, 1.0)
            state[0] = turn * state[0] + gain0 * state[2].real + gain1 * force
            state[2] = complex(force, 1.0)
            moved = state[0].imag
            out[i] = force / mass - damping * (pole * state[0]).imag - omega2 * moved + flow_m_s2[tick] * normal[i]
