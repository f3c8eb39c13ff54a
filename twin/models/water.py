"""Liquid water near ambient conditions.

Sources: density from Kell (1975) as quoted in the CRC Handbook, within 0.02 kg/m³ of IAPWS-95 at 0..60 °C;
vapour pressure from Buck (1981), within 0.2 % of IAPWS-95 at 0..60 °C.
"""

import math

GRAVITY = 9.80665
ATMOSPHERE_PA = 101_325.0


def density(temperature_k: float) -> float:
    """Density of air-free water at 1 atm [kg/m³]; Kell's rational polynomial."""
    t = temperature_k - 273.15
    top = 999.83952 + t * (
        16.945176 + t * (-7.9870401e-3 + t * (-46.170461e-6 + t * (105.56302e-9 - 280.54253e-12 * t)))
    )
    return top / (1.0 + 16.879850e-3 * t)


def vapour_pressure(temperature_k: float) -> float:
    """Saturation pressure over liquid water [Pa]; Buck (1981), equation for water, no enhancement factor."""
    t = temperature_k - 273.15
    return 611.21 * math.exp((18.678 - t / 234.5) * t / (257.14 + t))
