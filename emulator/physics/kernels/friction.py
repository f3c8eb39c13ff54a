"""Friction of water in a pipe: Darcy's factor from Colebrook and White, solved to rounding."""

import math

from emulator.kernel import kernel

LAMINAR, TURBULENT = 2300.0, 4000.0


@kernel
def colebrook(reynolds, roughness):
    """Return Darcy's f of 1/√f = -2 log10(ε/(3.7 D) + 2.51/(Re √f)), relative roughness ε/D.

    Newton on x = 1/√f from Haaland's estimate; three steps reach rounding.
    """
    x = -1.8 * math.log10((roughness / 3.7) ** 1.11 + 6.9 / reynolds)
    for _ in range(4):
        inner = roughness / 3.7 + 2.51 * x / reynolds
        g = x + 2.0 * math.log10(inner)
        x -= g / (1.0 + 2.0 / math.log(10.0) * 2.51 / (reynolds * inner))
    return 1.0 / (x * x)


@kernel
def darcy(reynolds, roughness):
    """Return f at any Reynolds number: 64/Re, Colebrook, and between 2300 and 4000 a straight line in Re."""
    if reynolds >= TURBULENT:
        return colebrook(reynolds, roughness)
    if reynolds <= LAMINAR:
        return 64.0 / max(reynolds, 1e-9)
    share = (reynolds - LAMINAR) / (TURBULENT - LAMINAR)
    return (1.0 - share) * 64.0 / LAMINAR + share * colebrook(TURBULENT, roughness)


@kernel
def friction_m(q, length, diameter, roughness_m, viscosity):
    """Return the head lost to friction [m], with the sign of the flow q [m³/s]; viscosity kinematic [m²/s]."""
    area = 0.25 * math.pi * diameter * diameter
    v = abs(q) / area
    reynolds = v * diameter / viscosity
    if reynolds <= LAMINAR:  # Hagen and Poiseuille: linear, and no quotient at rest
        return 32.0 * viscosity * length * (q / area) / (9.80665 * diameter * diameter)
    f = darcy(reynolds, roughness_m / diameter)
    loss = f * length * v * v / (2.0 * 9.80665 * diameter)
    return loss if q >= 0.0 else -loss
