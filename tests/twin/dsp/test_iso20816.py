"""Velocity zones."""

import pytest

from twin.dsp.iso20816 import velocity_band_hz, zone_table


@pytest.mark.parametrize(
    ("velocity", "zone"), [(0.5, "A"), (1.4, "B"), (2.0, "B"), (3.0, "C"), (4.5, "D"), (20.0, "D")]
)
def test_a_velocity_falls_into_its_zone(velocity, zone):
    assert zone_table("group2", "rigid").zone(velocity) == zone


def test_a_table_says_its_edition():
    assert zone_table("group1", "flexible").edition == "ISO 10816-3:2009"
    assert zone_table("pump_category1_to_200kw").boundaries_mm_s == (2.5, 4.0, 6.6)


def test_slow_machines_are_judged_from_2_hz():
    assert velocity_band_hz(9.9) == (2.0, 1000.0)
    assert velocity_band_hz(10.0) == (10.0, 1000.0)
    assert velocity_band_hz(None) == (10.0, 1000.0)


def test_an_unknown_group_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="group2/rigid"):
        zone_table("group9", "rigid")
