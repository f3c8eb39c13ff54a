import pytest

from emulator.physics.tank import Tank, TankParameters


def test_the_level_follows_the_balance_of_flows():
    tank = Tank(TankParameters(area_m2=2.0))
    for _ in range(100):
        tank.advance(0.02, 0.01, 0.1)
    assert tank.level_m == pytest.approx(1.55)


def test_equal_flows_leave_the_level_bit_for_bit():
    tank = Tank(TankParameters())
    tank.advance(0.02, 0.02, 0.01)
    assert tank.level_m == 1.5


def test_a_tank_overflows_and_counts_it():
    tank = Tank(TankParameters(area_m2=1.0, height_m=2.0, datum_level_m=1.9))
    tank.advance(0.3, 0.0, 1.0)
    assert tank.level_m == 2.0
    assert tank.overflow_m3 == pytest.approx(0.2)


def test_an_empty_tank_is_empty_and_no_less():
    tank = Tank(TankParameters(area_m2=1.0, datum_level_m=0.1))
    tank.advance(0.0, 1.0, 1.0)
    assert tank.level_m == 0.0
    assert tank.empty


def test_a_leak_is_a_flow_like_any_other():
    tank = Tank(TankParameters(area_m2=1.0))
    tank.condition.leak_m3_s = 0.001
    tank.advance(0.0, 0.0, 10.0)
    assert tank.level_m == pytest.approx(1.49)
    assert tank.leaked_m3 == pytest.approx(0.01)
