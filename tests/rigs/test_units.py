"""Quantities as people write them."""

import math

import pytest

from rigs.units import _TABLE, POINT_UNITS, _registry, conversion, to_si


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1480 rpm", "rad/s", 1480 * 2 * math.pi / 60),
        ("3.2 bar", "Pa", 320_000.0),
        ("20 degC", "K", 293.15),
        ("70 m^3/h", "m**3/s", 70 / 3600),
        ("500 ms", "s", 0.5),
        ("25.6 kHz", "Hz", 25_600.0),
        ("0.5 %", "", 0.005),
        (0.25, "", 0.25),
    ],
)
def test_a_quantity_becomes_si(text: object, unit: str, value: float):
    assert to_si(text, unit) == pytest.approx(value, rel=1e-12)


def test_a_speed_in_hertz_is_refused_instead_of_guessed():
    with pytest.raises(ValueError, match="is a frequency where a speed is expected"):
        to_si("25 Hz", "rad/s")


@pytest.mark.parametrize(
    "text", ["", "bar", "nan bar", "inf bar", "1e999 bar", "1 bar bar", "x" * 1000, None, [1], True]
)
def test_what_is_no_quantity_is_refused(text: object):
    with pytest.raises(ValueError, match=r"is not a|is not finite|characters"):
        to_si(text, "Pa")


@pytest.mark.parametrize("unit", POINT_UNITS)
def test_every_point_unit_converts_both_ways(unit: str):
    factor, offset = conversion(unit)
    assert factor != 0.0
    assert math.isfinite(offset)


@pytest.mark.parametrize("unit", sorted(_TABLE))
def test_the_table_agrees_with_the_unit_library(unit: str):
    si, factor, offset = _TABLE[unit]
    name = "percent" if unit == "%" else unit
    for value in (0.0, 1.0, -17.3):
        expected = _registry().Quantity(value, name).to(si or "").magnitude
        assert value * factor + offset == pytest.approx(expected, rel=1e-12, abs=1e-12)
