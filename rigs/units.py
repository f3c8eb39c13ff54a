"""Quantities with units as people write them in YAML, turned to SI once, at the edge.

A quantity in a file carries its unit (``1480 rpm``, ``3.2 bar``, ``500 ms``): a bare number would leave the
unit to be guessed. Only dimensionless quantities may stand bare.
"""

import math
from functools import cache
from typing import Any, Final

NANOSECONDS: Final = 1_000_000_000

# What each dimension is called in an error message, by its SI unit in pint's spelling.
DIMENSIONS: Final = {
    "Pa": "pressure", "m**3/s": "volume flow", "rad/s": "speed", "m": "length", "s": "time", "K": "temperature",
    "W": "power", "V": "voltage", "A": "current", "Hz": "frequency", "kg": "mass", "ohm": "resistance",
    "H": "inductance", "kg*m**2": "inertia", "m**2": "area", "N": "force", "K/W": "thermal resistance",
    "m/s**2": "acceleration", "": "number", "rad": "angle", "s**2/m**5": "flow resistance", "J": "energy",
    "N*m": "torque", "V*A": "apparent power", "kg/s": "mass flow", "N/m": "stiffness", "m**3": "volume",
    "J/K": "heat capacity", "W/K": "heat conductance", "m/s": "velocity", "kg/m**3": "density",
}  # fmt: skip


_TURN: Final = 2.0 * math.pi

# Units in which a value may stand on a wire, with their SI unit, factor and offset. A closed list, because a unit
# library reads 'hh' as a hecto-hour; and a table, because the library costs a third of a second to start. The tests
# hold the table against the library.
_TABLE: Final[dict[str, tuple[str, float, float]]] = {
    "percent": ("", 0.01, 0.0),
    "%": ("", 0.01, 0.0),
    "bar": ("Pa", 1e5, 0.0),
    "mbar": ("Pa", 100.0, 0.0),
    "Pa": ("Pa", 1.0, 0.0),
    "kPa": ("Pa", 1e3, 0.0),
    "MPa": ("Pa", 1e6, 0.0),
    "degC": ("K", 1.0, 273.15),
    "K": ("K", 1.0, 0.0),
    "m": ("m", 1.0, 0.0),
    "mm": ("m", 1e-3, 0.0),
    "um": ("m", 1e-6, 0.0),
    "in": ("m", 0.0254, 0.0),
    "m^2": ("m**2", 1.0, 0.0),
    "m^3/h": ("m**3/s", 1.0 / 3600.0, 0.0),
    "m^3/s": ("m**3/s", 1.0, 0.0),
    "l/min": ("m**3/s", 1e-3 / 60.0, 0.0),
    "l/s": ("m**3/s", 1e-3, 0.0),
    "kg/s": ("kg/s", 1.0, 0.0),
    "kg/h": ("kg/s", 1.0 / 3600.0, 0.0),
    "rpm": ("rad/s", _TURN / 60.0, 0.0),
    "rad/s": ("rad/s", 1.0, 0.0),
    "Hz": ("Hz", 1.0, 0.0),
    "kHz": ("Hz", 1e3, 0.0),
    "V": ("V", 1.0, 0.0),
    "mV": ("V", 1e-3, 0.0),
    "A": ("A", 1.0, 0.0),
    "mA": ("A", 1e-3, 0.0),
    "W": ("W", 1.0, 0.0),
    "kW": ("W", 1e3, 0.0),
    "MW": ("W", 1e6, 0.0),
    "var": ("V*A", 1.0, 0.0),
    "V*A": ("V*A", 1.0, 0.0),
    "W*h": ("J", 3600.0, 0.0),
    "kW*h": ("J", 3.6e6, 0.0),
    "J": ("J", 1.0, 0.0),
    "N": ("N", 1.0, 0.0),
    "kN": ("N", 1e3, 0.0),
    "N*m": ("N*m", 1.0, 0.0),
    "m/s": ("m/s", 1.0, 0.0),
    "mm/s": ("m/s", 1e-3, 0.0),
    "m/s^2": ("m/s**2", 1.0, 0.0),
    "g_0": ("m/s**2", 9.80665, 0.0),
    "s": ("s", 1.0, 0.0),
    "ms": ("s", 1e-3, 0.0),
    "min": ("s", 60.0, 0.0),
    "h": ("s", 3600.0, 0.0),
    "kg": ("kg", 1.0, 0.0),
    "rad": ("rad", 1.0, 0.0),
    "deg": ("rad", _TURN / 360.0, 0.0),
    "ohm": ("ohm", 1.0, 0.0),
    "mH": ("H", 1e-3, 0.0),
    "kg*m^2": ("kg*m**2", 1.0, 0.0),
    "m^3": ("m**3", 1.0, 0.0),
    "l": ("m**3", 1e-3, 0.0),
    "N/m": ("N/m", 1.0, 0.0),
    "J/K": ("J/K", 1.0, 0.0),
    "W/K": ("W/K", 1.0, 0.0),
    "kg/m^3": ("kg/m**3", 1.0, 0.0),
    "m^3/min": ("m**3/s", 1.0 / 60.0, 0.0),
    "s^2/m^5": ("s**2/m**5", 1.0, 0.0),
}
_NOT_ON_A_WIRE: Final = {"%", "in", "m^2", "min", "mH", "kg*m^2", "s^2/m^5"}
POINT_UNITS: Final = tuple(unit for unit in _TABLE if unit not in _NOT_ON_A_WIRE)


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=":auto:")
    # Reactive power is counted in var: dimensionally VA, kept apart by name only.
    registry.define("volt_ampere_reactive = volt * ampere = var")
    return registry


def to_si(text: object, unit: str) -> float:
    """Turn a quantity as written into a plain number of the SI ``unit``.

    Parameters
    ----------
    text : str or number
        ``"1480 rpm"``; a bare number is accepted only when ``unit`` is dimensionless.
    unit : str
        SI unit in pint's spelling, one of `DIMENSIONS`.

    Raises
    ------
    ValueError
        The text is no quantity, or of another dimension; the message names the value and the expected unit.

    """
    name = DIMENSIONS.get(unit, unit)
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        # pydantic turns ValueError, and only that, into a problem with a place.
        raise ValueError(f"{text!r} is not a {name}; write a number and a unit, such as '1.5 {unit or '%'}'")  # noqa: TRY004
    if isinstance(text, (int, float)):
        if unit:
            raise ValueError(f"{text!r} has no unit; a {name} needs one, such as '{text} {unit}'")
        return _finite(float(text), text)
    if len(text) > 64:
        raise ValueError(f"a quantity of {len(text)} characters; write a number and a unit")
    return _finite(_parse(text, unit), text)


@cache
def _parse(text: str, unit: str) -> float:
    number, _, spelled = text.strip().partition(" ")
    name = DIMENSIONS.get(unit, unit)
    try:
        magnitude = float(number)
    except ValueError:
        raise ValueError(f"{text!r} is not a {name}; write a number and a unit, such as '1.5 {unit or '%'}'") from None
    known, factor, offset = _TABLE.get(spelled.strip(), (None, 1.0, 0.0))
    if known == unit:
        return magnitude * factor + offset
    try:
        quantity = _registry().Quantity(magnitude, spelled.strip().replace("%", "percent"))
        converted = quantity.to(unit)
    except Exception:  # noqa: BLE001 - pint raises many kinds; all mean "not this dimension"
        raise ValueError(f"{text!r} is not a {name}; the unit must convert to {unit or 'a plain number'}") from None
    # An angular velocity given in Hz is a common slip: a unit library takes 1 Hz for 1 rad/s.
    if unit == "rad/s" and "hertz" in str(quantity.units):
        raise ValueError(f"{text!r} is a frequency where a speed is expected; write it in rpm or rad/s")
    return float(converted.magnitude)


def _finite(value: float, text: object) -> float:
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{text!r} is not finite; write an ordinary number")
    return value


@cache
def conversion(unit: str) -> tuple[float, float]:
    """Return (factor, offset) with SI = factor * value + offset for a display unit such as ``bar`` or ``degC``.

    Raises
    ------
    ValueError
        The unit is unknown.

    """
    if unit in _TABLE:
        _, factor, offset = _TABLE[unit]
        return factor, offset
    try:
        zero, one = (float(_registry().Quantity(x, unit).to_base_units().magnitude) for x in (0.0, 1.0))
    except Exception:  # noqa: BLE001 - pint raises many kinds; all mean "no such unit"
        raise ValueError(f"{unit!r} is not a unit of measure") from None
    return one - zero, zero
