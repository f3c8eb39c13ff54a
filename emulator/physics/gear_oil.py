"""Oil of a gearbox: how thick it is, how well it parts the teeth, and what it carries."""

import math

ISO_VI_95 = 0.0862  # ν at 100 °C over ν at 40 °C of VG 220, viscosity index 95: 18.97 over 220 mm²/s
MM2 = 1e-6
SIZES = ("4", "6", "14")


def viscosity_m2_s(grade_mm2_s: float, temperature_k: float, ratio: float = ISO_VI_95) -> float:
    """Return the kinematic viscosity [m²/s] of an oil of an ISO VG grade, by Walther's law (ASTM D341).

    lg lg(ν + 0.7) is linear in lg T; the line goes through the grade at 40 °C and `ratio` of it at 100 °C.
    """
    t = math.log10(min(max(temperature_k, 230.0), 450.0))
    t40, t100 = math.log10(313.15), math.log10(373.15)
    y40 = math.log10(math.log10(max(grade_mm2_s, 2.0) + 0.7))
    y100 = math.log10(math.log10(max(grade_mm2_s * ratio, 1.0) + 0.7))
    y = y40 + (y100 - y40) * (t - t40) / (t100 - t40)
    return float((10.0 ** (10.0 ** min(y, 0.78)) - 0.7) * MM2)


def friction_factor(kappa: float, reference: float) -> float:
    """Return tooth friction over that with the film of reference: 1 with a better one, up to 4 with none.

    Mixed friction: the share of the load that asperities carry falls with κ, the film over what the teeth need.
    """
    return 1.0 + 3.0 * max(math.exp(-kappa) - math.exp(-reference), 0.0) / (1.0 - math.exp(-reference))


def iso_4406(per_ml: float) -> int:
    """Return the ISO 4406 scale number of a particle count per millilitre: n for 0.01·2^(n−1) … 0.01·2^n."""
    if per_ml <= 0.01:
        return 0
    return min(math.ceil(math.log2(per_ml / 0.01) - 1e-12), 28)
