import math

import pytest

from emulator.physics.thermal import BearingHousing, BearingHousingParameters, relax


def test_any_split_of_time_gives_the_same_temperature():
    whole = relax(300.0, 10.0, 0.5, 290.0, 1000.0, 500.0)
    parts = 300.0
    for _ in range(5):
        parts = relax(parts, 10.0, 0.5, 290.0, 1000.0, 100.0)
    assert parts == pytest.approx(whole, rel=1e-14)
    assert whole == pytest.approx(310.0 - 10.0 * math.exp(-0.25), rel=1e-14)


def test_without_conductance_all_heat_stays():
    assert relax(300.0, 10.0, 0.0, 290.0, 1000.0, 100.0) == 301.0


def test_a_bearing_turns_its_friction_into_heat():
    housing = BearingHousing(BearingHousingParameters())
    torque = housing.torque_nm(1500.0)
    assert torque == pytest.approx(0.0281, abs=5e-5)
    housing.settle(torque, 1450.0 * math.pi / 30.0, 293.15, 293.15)
    assert housing.friction_w == pytest.approx(4.27, abs=5e-3)
    assert housing.temperature_k == pytest.approx(293.15 + housing.friction_w / 0.46)
