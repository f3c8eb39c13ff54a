"""Quantities with units as people write them in YAML, turned to SI once, at the edge.

A quantity in a file carries its unit (``1480 rpm``, ``3.2 bar``, ``500 ms``): a bare number would leave the
unit to be guessed. Only dimensionless quantities may stand bare.
"""

from functools import cache
from typing import Any, Final

NANOSECONDS: Final = 1_000_000_000

# What each dimension is called in an error message, by its SI unit in pint's spelling.
DIMENSIONS: Final = {
    "Pa": "pressure", "m**3/s": "volume flow", "rad/s": "speed", "m": "length", "s": "time", "K": "temperature",
    "W": "power", "V": "voltage", "A": "current", "Hz": "frequency", "kg": "mass", "ohm": "resistance",
    "H": "inductance", "kg*m**2": "inertia", "m**2": "area", "N": "force", "K/W": "thermal resistance",
    "m/s**2": "acceleration", "": "number", "rad": "angle", "s**2/m**5": "flow resistance", "J": "energy",
    "N*m": "torque", "V*A": "apparent power",
}  # fmt: skip


# Units in which a value may stand on a wire. A closed list, because a unit library reads 'hh' as a hecto-hour.
POINT_UNITS: Final = (
    "percent", "bar", "mbar", "Pa", "kPa", "MPa", "degC", "K", "m", "mm", "um", "m^3/h", "m^3/s", "l/min", "l/s", "kg/s",
    "kg/h", "rpm", "rad/s", "Hz", "kHz", "V", "mV", "A", "mA", "W", "kW", "MW", "var", "V*A", "W*h", "kW*h", "J", "N", "kN",
    "N*m", "m/s", "mm/s", "m/s^2", "g_0", "s", "ms", "h", "kg", "rad", "deg", "ohm",
)  # fmt: skip


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
    registry = _registry()
    try:
        zero = registry.Quantity(0.0, unit).to_base_units().magnitude
        one = registry.Quantity(1.0, unit).to_base_units().magnitude
    except Exception:  # noqa: BLE001 - as above
        raise ValueError(f"{unit!r} is not a unit of measure") from None
    return float(one - zero), float(zero)
