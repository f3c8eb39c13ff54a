import math

import pytest

from rigs.units import conversion
from twin.context.units import _TABLE, to_si

KNOWN = [
    ("bar", 3.2, 320_000.0, "Pa"),
    ("degC", 20.0, 293.15, "K"),
    ("degF", 212.0, 373.15, "K"),
    ("rpm", 1500.0, 50.0 * math.pi, "rad/s"),
    ("m^3/h", 36.0, 0.01, "m^3/s"),
    ("percent", 55.0, 0.55, "1"),
    ("g", 1.0, 9.80665, "m/s^2"),
    ("mm/s", 4.5, 0.0045, "m/s"),
    ("kW", 15.0, 15_000.0, "W"),
    ("W*h", 1.0, 3600.0, "J"),
    ("kWh", 1.0, 3.6e6, "J"),
    ("", 7.0, 7.0, "1"),
]


@pytest.mark.parametrize(("unit", "wire", "si", "name"), KNOWN)
def test_known_quantities_become_si(unit, wire, si, name):
    step = to_si(unit)
    assert wire * step.factor + step.offset == pytest.approx(si, rel=1e-12)
    assert step.unit == name


def test_spellings_of_one_unit_are_one_unit():
    assert to_si("m³/h") == to_si("m^3/h") == to_si("m3/h") == to_si("m**3/h")
    assert to_si("m/s²") == to_si("m/s^2") == to_si("m / s2")


def test_an_unknown_unit_is_refused_and_not_guessed():
    with pytest.raises(ValueError, match="unit 'furlong' is not one the twin knows"):
        to_si("furlong")


# Pint reads these otherwise: g is a gram to it, and the counters of this table are kept apart by name only.
@pytest.mark.parametrize(
    "unit", sorted(set(_TABLE) - {"", "1", "dimensionless", "%", "g", "g_n", "Nm", "1/min", "var", "kvar"})
)
def test_the_table_agrees_with_a_units_library(unit):
    factor, offset = conversion(unit.replace("^", "**"))
    step = to_si(unit)
    if step.unit in {"kg", "kg/s", "kg/m^3"}:
        pytest.approx(factor)
    assert step.factor == pytest.approx(factor, rel=1e-12)
    assert step.offset == pytest.approx(offset, rel=1e-12)
