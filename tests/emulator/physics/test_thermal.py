import math

import pytest

from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters
from emulator.physics.thermal import BearingHousing, BearingHousingParameters, relax
from emulator.streams import Streams


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


def test_heat_in_is_heat_out_and_stored_over_starts_and_stops():
    housing = BearingHousing(BearingHousingParameters())
    for i in range(2000):
        speed = 150.0 if (i // 300) % 2 == 0 else 0.0
        housing.advance(0.03, speed, 330.0, 285.0 + (i % 7), 10.0)
    account = housing.balance()
    assert account.came_in > 1e4
    assert abs(account.residual) < 1e-9


def test_settling_is_no_heat_account():
    housing = BearingHousing(BearingHousingParameters())
    housing.settle(0.03, 150.0, 330.0, 293.15)
    assert housing.balance() == (0.0, 0.0, 0.0)


def test_a_dry_bearing_and_a_loaded_one_grow_hot():
    def settled(**condition):
        bearing = RollingBearing(RollingBearingParameters(), Streams(1), "b")
        for name, value in condition.items():
            setattr(bearing.condition, name, value)
        housing = BearingHousing(BearingHousingParameters())
        housing.settle(bearing.friction_torque_nm(1500.0), 1450.0 * math.pi / 30.0, 293.15, 293.15)
        return housing.temperature_k - 293.15

    healthy = settled()
    assert settled(friction_factor=5.0) == pytest.approx(5 * healthy)
    assert settled(load_factor=3.0) == pytest.approx(3 * healthy)
    assert settled(inner_spall_mm=4.0, creep=5e-4, brinell_mm=2.0) == healthy


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [("heat_j_k", 0.0, "above 0"), ("to_air_w_k", -1.0, "above 0"), ("to_motor_w_k", -1.0, "negative")],
)
def test_a_housing_that_cannot_be_is_refused(field, value, rule):
    with pytest.raises(ValueError, match=f"{field} = .* {rule}"):
        BearingHousingParameters(**{field: value})
