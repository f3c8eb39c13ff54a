"""Hydraulic oil: viscosity of temperature and how long a spring of oil and gas is."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oil:
    """A mineral oil by its kinematic viscosity at two temperatures [m²/s]: Walther's line, as in ASTM D341.

    lg lg(ν + 0.7) = A - B lg T with ν in mm²/s. The default is ISO VG 46 with a viscosity index near 100.
    """

    viscosity_40_m2_s: float = 46e-6
    viscosity_100_m2_s: float = 6.8e-6
    density_kg_m3: float = 870.0
    heat_j_kg_k: float = 1950.0

    def kinematic_m2_s(self, temperature_k: float) -> float:
        """Return ν [m²/s]; outside -40 … 150 °C the value at the nearer end."""
        t = min(max(temperature_k, 233.15), 423.15)
        high = math.log10(math.log10(self.viscosity_40_m2_s * 1e6 + 0.7))
        low = math.log10(math.log10(self.viscosity_100_m2_s * 1e6 + 0.7))
        slope = (high - low) / math.log10(373.15 / 313.15)
        return float((10.0 ** (10.0 ** (high - slope * math.log10(t / 313.15))) - 0.7) * 1e-6)

    def dynamic_pa_s(self, temperature_k: float) -> float:
        """Return µ [Pa s]."""
        return self.kinematic_m2_s(temperature_k) * self.density_kg_m3


def delivered_m3(precharge_pa: float, volume_m3: float, high_pa: float, low_pa: float, exponent: float = 1.4) -> float:
    """Return the oil an accumulator gives from a high to a low absolute pressure [m³], p V^n constant."""
    return float(
        volume_m3
        * ((precharge_pa / max(low_pa, precharge_pa)) ** (1 / exponent) - (precharge_pa / high_pa) ** (1 / exponent))
    )
