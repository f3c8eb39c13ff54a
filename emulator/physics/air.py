"""Air as the machines of a compressed-air station meet it: an ideal gas, with some water in it.

Saturation pressure after Magnus (Sonntag 1990): 611.2 Pa exp(17.62 ϑ/(243.12 °C + ϑ)).
"""

import math
from typing import Final

from emulator.physics.kernels.air import CHOKED, CP_AIR, CV_AIR, KAPPA, R_AIR, nozzle

__all__ = ["CHOKED", "CP_AIR", "CV_AIR", "KAPPA", "LEAK_COEFFICIENT", "R_AIR", "dew_point_k", "humidity_ratio",
           "leak_flow_kg_s", "nozzle", "saturation_pa", "vapour_pa"]  # fmt: skip

LEAK_COEFFICIENT: Final = 0.62  # of a sharp-edged hole
VISCOUS_PA: Final = 100.0
WATER_OVER_AIR: Final = 0.62198


def leak_flow_kg_s(diameter_m: float, pressure_pa: float, temperature_k: float, back_pa: float) -> float:
    """Return what a sharp-edged hole lets out [kg/s], choked where the pressure ratio is below 0.528."""
    area = LEAK_COEFFICIENT * 0.25 * math.pi * diameter_m**2
    return float(nozzle(area, pressure_pa, temperature_k, back_pa, VISCOUS_PA))


def saturation_pa(temperature_k: float) -> float:
    """Return the saturation pressure of water [Pa]."""
    celsius = min(max(temperature_k - 273.15, -100.0), 200.0)
    return 611.2 * math.exp(17.62 * celsius / (243.12 + celsius))


def dew_point_k(vapour_pa_: float) -> float:
    """Return the dew point [K] of a vapour pressure [Pa]; -100 °C for air that is dry."""
    x = math.log(max(vapour_pa_, 1e-9) / 611.2)
    return max(273.15 + 243.12 * x / (17.62 - x), 173.15)


def humidity_ratio(vapour_pa_: float, pressure_pa: float) -> float:
    """Return the mass of vapour per mass of dry air at a total pressure [Pa]."""
    return WATER_OVER_AIR * vapour_pa_ / max(pressure_pa - vapour_pa_, 0.01 * pressure_pa)


def vapour_pa(ratio: float, pressure_pa: float) -> float:
    """Return the vapour pressure [Pa] of a humidity ratio at a total pressure [Pa]."""
    return pressure_pa * ratio / (WATER_OVER_AIR + ratio)
