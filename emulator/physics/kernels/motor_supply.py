"""What lies at the terminals of a motor within a tick: sequences, harmonics, ripple of the DC link, pulses.

The positive sequence is U(t)·exp(jθ(t)) with U and dθ/dt linear in time; everything else is a share of it.
"""

import math

from emulator.kernel import kernel

# supply: float64[24]
(
    V_U0, V_U_SLOPE, V_W0, V_W_SLOPE, V_ANGLE, V_NEGATIVE_RE, V_NEGATIVE_IM, V_FIFTH, V_SEVENTH,
    V_RIPPLE_A, V_RIPPLE_A_W, V_RIPPLE_A_PHASE, V_RIPPLE_B, V_RIPPLE_B_W, V_RIPPLE_B_PHASE,
    V_PULSED, V_CARRIER_HZ, V_CARRIER_TURN, V_DC, V_LEG, V_LEG_LOSS, V_MODULATION, V_OPEN, V_CONNECTED,
) = range(24)  # fmt: skip
SUPPLY_SIZE = 24
TWO_PI = 2.0 * math.pi
SQRT3 = math.sqrt(3.0)


@kernel
def mean_voltage(v, t):
    """Return (u_α, u_β) [V peak] at `t` [s] after the tick's start, before any pulses."""
    angle = v[V_ANGLE] + (v[V_W0] + 0.5 * v[V_W_SLOPE] * t) * t
    u = v[V_U0] + v[V_U_SLOPE] * t
    c, s = math.cos(angle), math.sin(angle)
    # Negative sequence n·exp(-jθ), 5th backwards, 7th forwards.
    x = c + v[V_NEGATIVE_RE] * c + v[V_NEGATIVE_IM] * s
    y = s + v[V_NEGATIVE_IM] * c - v[V_NEGATIVE_RE] * s
    if v[V_FIFTH] != 0.0:
        x += v[V_FIFTH] * math.cos(5.0 * angle)
        y -= v[V_FIFTH] * math.sin(5.0 * angle)
    if v[V_SEVENTH] != 0.0:
        x += v[V_SEVENTH] * math.cos(7.0 * angle)
        y += v[V_SEVENTH] * math.sin(7.0 * angle)
    u *= link_ripple(v, t)
    return u * x, u * y


@kernel
def link_ripple(v, t):
    """Return the DC link's voltage over its mean at `t` [s]."""
    ripple = 1.0
    if v[V_RIPPLE_A] != 0.0:
        ripple += v[V_RIPPLE_A] * math.cos(v[V_RIPPLE_A_W] * t + v[V_RIPPLE_A_PHASE])
    if v[V_RIPPLE_B] != 0.0:
        ripple += v[V_RIPPLE_B] * math.cos(v[V_RIPPLE_B_W] * t + v[V_RIPPLE_B_PHASE])
    return ripple


@kernel
def references(amplitude, angle):
    """Return the three pole references, -1 … 1 of half the DC link: sines, centred between the rails, cut there."""
    a = amplitude * math.cos(angle)
    b = amplitude * math.cos(angle - TWO_PI / 3.0)
    c = amplitude * math.cos(angle + TWO_PI / 3.0)
    middle = 0.5 * (max(a, b, c) + min(a, b, c))
    return (
        min(max(a - middle, -1.0), 1.0),
        min(max(b - middle, -1.0), 1.0),
        min(max(c - middle, -1.0), 1.0),
    )


@kernel
def modulation(wanted):
    """Return the amplitude whose references, cut at the rails, have the fundamental `wanted` (of half the DC link).

    Up to 2/√3 nothing is cut and it is `wanted` itself; six-step operation, 4/π, is the end.
    """
    if wanted <= 2.0 / SQRT3:
        return wanted
    low, high = wanted, 1000.0
    for _ in range(50):
        middle = math.sqrt(low * high)
        total = 0.0
        for n in range(180):
            angle = TWO_PI * (n + 0.5) / 180.0
            total += references(middle, angle)[0] * math.cos(angle)
        if total / 90.0 < wanted:
            low = middle
        else:
            high = middle
    return low


@kernel
def _on(even, duty, x0, x1):
    """Return the share of a half period's [x0, x1] in which a pole is high: the pulse lies at the end, or the start."""
    a, b = (1.0 - duty, 1.0) if even else (0.0, duty)
    return max(0.0, min(b, x1) - max(a, x0))


@kernel
def pulsed_voltage(v, t, h):
    """Return (u_α, u_β, zero) [V]: the mean of the pulses over [t, t+h], exact in volt-seconds.

    Triangular carrier; references are taken at the middle of each half period, so that the fundamental is not late.
    """
    c0 = 2.0 * (v[V_CARRIER_TURN] + v[V_CARRIER_HZ] * t)
    c1 = 2.0 * (v[V_CARRIER_TURN] + v[V_CARRIER_HZ] * (t + h))
    a = b = c = 0.0
    half = math.floor(c0)
    while half < c1:
        x0, x1 = max(c0 - half, 0.0), min(c1 - half, 1.0)
        at = 0.5 * (half + 0.5) / v[V_CARRIER_HZ] - v[V_CARRIER_TURN] / v[V_CARRIER_HZ]
        angle = v[V_ANGLE] + (v[V_W0] + 0.5 * v[V_W_SLOPE] * at) * at
        ma, mb, mc = references(v[V_MODULATION] * (1.0 + v[V_U_SLOPE] * at / max(v[V_U0], 1e-9)), angle)
        even = half % 2 == 0
        a += _on(even, 0.5 * (1.0 + ma), x0, x1)
        b += _on(even, 0.5 * (1.0 + mb), x0, x1)
        c += _on(even, 0.5 * (1.0 + mc), x0, x1)
        half += 1
    rail = 0.5 * v[V_DC] * link_ripple(v, t + 0.5 * h)
    width = c1 - c0
    a, b, c = (2.0 * a / width - 1.0) * rail, (2.0 * b / width - 1.0) * rail, (2.0 * c / width - 1.0) * rail
    return (2.0 * a - b - c) / 3.0, (b - c) / SQRT3, (a + b + c) / 3.0
