"""Water: density, vapour pressure, viscosity and heat capacity of temperature, from published closed forms."""

import math

GRAVITY_M_S2 = 9.80665
ATMOSPHERE_PA = 101_325.0
HEAT_CAPACITY_J_KG_K = 4184.0
ZERO_CELSIUS_K = 273.15

# The 20 °C value stands in the tables to six digits; Kell's fit is tied to it there.
_DENSITY_20 = 998.207
_VAPOUR_20 = 2339.3
_VISCOSITY_20 = 1.0016e-3


def density_kg_m3(temperature_k: float) -> float:
    """Density at one atmosphere, 0…100 °C (Kell 1975, J. Chem. Eng. Data 20:97, eq. 16)."""
    return _DENSITY_20 * _kell(temperature_k - ZERO_CELSIUS_K) / _kell(20.0)


def _kell(t: float) -> float:
    top = 999.83952 + t * (
        16.945176 + t * (-7.9870401e-3 + t * (-46.170461e-6 + t * (105.56302e-9 - t * 280.54253e-12)))
    )
    return top / (1.0 + 16.879850e-3 * t)


def vapour_pressure_pa(temperature_k: float) -> float:
    """Saturation pressure (Wagner and Pruss 1993, J. Phys. Chem. Ref. Data 22:783, eq. 1)."""
    return _VAPOUR_20 * _wagner(temperature_k) / _wagner(293.15)


def _wagner(temperature_k: float) -> float:
    critical_k = 647.096
    tau = 1.0 - temperature_k / critical_k
    series = (
        -7.85951783 * tau
        + 1.84408259 * tau**1.5
        - 11.7866497 * tau**3
        + 22.6807411 * tau**3.5
        - 15.9618719 * tau**4
        + 1.80122502 * tau**7.5
    )
    return 22.064e6 * math.exp(critical_k / temperature_k * series)


def viscosity_pa_s(temperature_k: float) -> float:
    """Dynamic viscosity, 0…100 °C within 2.5 % (µ = A·10^(B/(T - C)), Al-Shemmeri 2012), exact at 20 °C."""
    return _VISCOSITY_20 * math.pow(10.0, 247.8 / (temperature_k - 140.0) - 247.8 / (293.15 - 140.0))
