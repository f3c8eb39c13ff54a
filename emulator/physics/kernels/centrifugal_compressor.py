"""Greitzer's lumped compressor, duct and plenum, in pressure and mass flow, so that the speed may change.

dm/dt = (A/L)(Δp_c - Δp), dΔp/dt = (a²/V)(m - m_T - m_A); with Φ = m/(ρAU), Ψ = Δp/(½ρU²), ξ = t a√(A/(VL)) these are
dΦ/dξ = B(Ψ_c - Ψ), dΨ/dξ = (Φ - Φ_T)/B. Greitzer 1976, J. Eng. Power 98(2), eqs. 9-12, without lag of the stage.
"""

import math

from emulator.kernel import kernel

(
    A_DENSITY, A_DUCT_M2, A_DUCT_M, A_SOUND, A_PLENUM, A_PSI0, A_H, A_W, A_SPEED, A_RATED, A_GAMMA, A_NET, A_RECYCLE,
    A_CHECK,
) = range(14)  # fmt: skip
A_SIZE = 14
# states and, behind them, sums: through the compressor, the throttle, the anti-surge valve [kg]; enthalpy-like
# work of the wheel's head on the flow is booked above
MASS_FLOW, PRESSURE, S_IN, S_OUT, S_RECYCLED = range(5)
SIZE = 5
SLOWEST = 0.05  # of rated tip speed: below, the wheel is an obstacle


@kernel
def head(psi0, h, w, phi):
    """Return Ψ_c = ψ0 + H[1 + 1.5(Φ/W - 1) - 0.5(Φ/W - 1)³]."""
    x = phi / w - 1.0
    return psi0 + h * (1.0 + 1.5 * x - 0.5 * x * x * x)


@kernel
def rise(flow, tip, a):
    """Return the pressure rise [Pa] of the wheel at a mass flow [kg/s] and tip speed [m/s]; defined at rest."""
    slowest = SLOWEST * a[A_RATED]
    speed = max(abs(tip), slowest)
    scale = 0.5 * a[A_DENSITY] * speed * speed
    phi = flow / (a[A_DENSITY] * a[A_DUCT_M2] * speed)
    turning = head(a[A_PSI0], a[A_H], a[A_W], phi)
    if abs(tip) >= slowest:
        return scale * turning
    share = (tip / slowest) ** 2
    # At rest the passage resists as the characteristic does far out: 0.5 H (Φ/W)² against the flow.
    still = -0.5 * a[A_H] * phi * abs(phi) / (a[A_W] * a[A_W])
    return scale * (share * turning + (1.0 - share) * still)


@kernel
def throttle(gamma, drop, a):
    """Return the mass flow [kg/s] of an opening Φ = γ√Ψ under a pressure drop [Pa], either way."""
    # Φ ρ A U = γ √(Δp/(½ρU²)) ρ A U = γ A √(2 ρ Δp): the speed falls out
    size = gamma * a[A_DUCT_M2] * math.sqrt(2.0 * a[A_DENSITY])
    return math.copysign(size * math.sqrt(abs(drop)), drop)


@kernel
def slopes(y, tip, recycle, a, dy):
    """Fill the rates of states and sums."""
    out = throttle(a[A_GAMMA], y[PRESSURE] - a[A_NET], a)
    if a[A_CHECK] > 0.0:
        out = max(out, 0.0)
    back = throttle(recycle, y[PRESSURE], a)
    dy[MASS_FLOW] = a[A_DUCT_M2] / a[A_DUCT_M] * (rise(y[MASS_FLOW], tip, a) - y[PRESSURE])
    dy[PRESSURE] = a[A_SOUND] ** 2 / a[A_PLENUM] * (y[MASS_FLOW] - out - back)
    dy[S_IN], dy[S_OUT], dy[S_RECYCLED] = y[MASS_FLOW], out, back


@kernel
def surge_advance(y, tip0, tip1, recycle0, recycle1, dt, steps, a, k, tmp):
    """Advance y float64[SIZE] by dt [s] in equal Runge-Kutta steps, tip speed and valve straight between their ends."""
    h = dt / steps
    for step in range(steps):
        s0, s1, s2 = step / steps, (step + 0.5) / steps, (step + 1.0) / steps
        u0, u1, u2 = tip0 + s0 * (tip1 - tip0), tip0 + s1 * (tip1 - tip0), tip0 + s2 * (tip1 - tip0)
        r0 = recycle0 + s0 * (recycle1 - recycle0)
        r1 = recycle0 + s1 * (recycle1 - recycle0)
        r2 = recycle0 + s2 * (recycle1 - recycle0)
        slopes(y, u0, r0, a, k[0])
        for i in range(SIZE):
            tmp[i] = y[i] + 0.5 * h * k[0, i]
        slopes(tmp, u1, r1, a, k[1])
        for i in range(SIZE):
            tmp[i] = y[i] + 0.5 * h * k[1, i]
        slopes(tmp, u1, r1, a, k[2])
        for i in range(SIZE):
            tmp[i] = y[i] + h * k[2, i]
        slopes(tmp, u2, r2, a, k[3])
        for i in range(SIZE):
            y[i] += h / 6.0 * (k[0, i] + 2.0 * k[1, i] + 2.0 * k[2, i] + k[3, i])
