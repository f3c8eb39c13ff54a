"""From the unit a device reports in to SI, `si = wire * factor + offset`: a table of the twin's own."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToSI:
    """The affine step from a wire unit to SI.

    Parameters
    ----------
    factor, offset : si = wire * factor + offset
    unit : the SI unit reached, as text
    """

    factor: float
    offset: float
    unit: str


_TURN = 2.0 * math.pi

_TABLE: dict[str, ToSI] = {
    "": ToSI(1.0, 0.0, "1"),
    "1": ToSI(1.0, 0.0, "1"),
    "%": ToSI(0.01, 0.0, "1"),
    "percent": ToSI(0.01, 0.0, "1"),
    "dimensionless": ToSI(1.0, 0.0, "1"),
    "Pa": ToSI(1.0, 0.0, "Pa"),
    "hPa": ToSI(1e2, 0.0, "Pa"),
    "mbar": ToSI(1e2, 0.0, "Pa"),
    "kPa": ToSI(1e3, 0.0, "Pa"),
    "MPa": ToSI(1e6, 0.0, "Pa"),
    "bar": ToSI(1e5, 0.0, "Pa"),
    "psi": ToSI(6894.757293168361, 0.0, "Pa"),
    "K": ToSI(1.0, 0.0, "K"),
    "degC": ToSI(1.0, 273.15, "K"),
    "°C": ToSI(1.0, 273.15, "K"),
    "degF": ToSI(5.0 / 9.0, 459.67 * 5.0 / 9.0, "K"),
    "m": ToSI(1.0, 0.0, "m"),
    "cm": ToSI(1e-2, 0.0, "m"),
    "mm": ToSI(1e-3, 0.0, "m"),
    "um": ToSI(1e-6, 0.0, "m"),
    "m^3/s": ToSI(1.0, 0.0, "m^3/s"),
    "m^3/h": ToSI(1.0 / 3600.0, 0.0, "m^3/s"),
    "l/s": ToSI(1e-3, 0.0, "m^3/s"),
    "l/min": ToSI(1e-3 / 60.0, 0.0, "m^3/s"),
    "m^3": ToSI(1.0, 0.0, "m^3"),
    "l": ToSI(1e-3, 0.0, "m^3"),
    "m/s": ToSI(1.0, 0.0, "m/s"),
    "mm/s": ToSI(1e-3, 0.0, "m/s"),
    "m/s^2": ToSI(1.0, 0.0, "m/s^2"),
    "mm/s^2": ToSI(1e-3, 0.0, "m/s^2"),
    "g": ToSI(9.80665, 0.0, "m/s^2"),
    "g_n": ToSI(9.80665, 0.0, "m/s^2"),
    "g_0": ToSI(9.80665, 0.0, "m/s^2"),
    "rad": ToSI(1.0, 0.0, "rad"),
    "deg": ToSI(math.pi / 180.0, 0.0, "rad"),
    "rad/s": ToSI(1.0, 0.0, "rad/s"),
    "rpm": ToSI(_TURN / 60.0, 0.0, "rad/s"),
    "1/min": ToSI(_TURN / 60.0, 0.0, "rad/s"),
    "Hz": ToSI(1.0, 0.0, "Hz"),
    "kHz": ToSI(1e3, 0.0, "Hz"),
    "W": ToSI(1.0, 0.0, "W"),
    "kW": ToSI(1e3, 0.0, "W"),
    "MW": ToSI(1e6, 0.0, "W"),
    "J": ToSI(1.0, 0.0, "J"),
    "kJ": ToSI(1e3, 0.0, "J"),
    "Wh": ToSI(3600.0, 0.0, "J"),
    "W*h": ToSI(3600.0, 0.0, "J"),
    "kW*h": ToSI(3.6e6, 0.0, "J"),
    "V*A": ToSI(1.0, 0.0, "V*A"),
    "kV*A": ToSI(1e3, 0.0, "V*A"),
    "var": ToSI(1.0, 0.0, "V*A"),
    "kvar": ToSI(1e3, 0.0, "V*A"),
    "kWh": ToSI(3.6e6, 0.0, "J"),
    "A": ToSI(1.0, 0.0, "A"),
    "mA": ToSI(1e-3, 0.0, "A"),
    "V": ToSI(1.0, 0.0, "V"),
    "mV": ToSI(1e-3, 0.0, "V"),
    "kV": ToSI(1e3, 0.0, "V"),
    "N": ToSI(1.0, 0.0, "N"),
    "kN": ToSI(1e3, 0.0, "N"),
    "N*m": ToSI(1.0, 0.0, "N*m"),
    "Nm": ToSI(1.0, 0.0, "N*m"),
    "kg": ToSI(1.0, 0.0, "kg"),
    "kg/s": ToSI(1.0, 0.0, "kg/s"),
    "kg/m^3": ToSI(1.0, 0.0, "kg/m^3"),
    "s": ToSI(1.0, 0.0, "s"),
    "ms": ToSI(1e-3, 0.0, "s"),
    "us": ToSI(1e-6, 0.0, "s"),
    "min": ToSI(60.0, 0.0, "s"),
    "h": ToSI(3600.0, 0.0, "s"),
}

_SPELLINGS = str.maketrans({"³": "^3", "²": "^2", "·": "*", "µ": "u", "μ": "u", " ": ""})


def to_si(unit: str) -> ToSI:
    """Find how a wire unit becomes SI.

    Raises
    ------
    ValueError : the unit is not in the table. Guessing one would store wrong numbers as good
    """
    plain = unit.strip()
    found = _TABLE.get(plain) or _TABLE.get(plain.translate(_SPELLINGS).replace("**", "^"))
    if found is None:
        # m3/h for m^3/h is how plant lists write it.
        found = _TABLE.get(plain.translate(_SPELLINGS).replace("m3", "m^3").replace("s2", "s^2"))
    if found is None:
        raise ValueError(f"unit {unit!r} is not one the twin knows; known are {', '.join(sorted(_TABLE)[1:])}")
    return found
