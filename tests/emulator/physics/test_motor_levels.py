"""Fidelity levels of the published machines: the T-circuit (F0) and what the fluxes come to by themselves (F1)."""

import math

import pytest

from emulator.physics.induction_motor import Load, Supply
from tests.emulator.physics.motors import HZ, M2K2, MSL, PHASE, W, balance, machine, run


@pytest.mark.parametrize(
    ("parameters", "volts", "torque", "slip", "current", "power"),
    [
        (MSL, 100.0, 161.4, 1.0 - 1440.456 / 1500.0, 99.999, 26_252.6),
        (M2K2, PHASE, 14.6, 0.0411128, 4.78028, 2547.01),
        ({}, PHASE, 98.1, 0.0233109, None, None),
    ],
    ids=["MSL", "M2k2", "M15"],
)
@pytest.mark.slow_without_jit
def test_a_motor_started_from_rest_comes_to_its_published_load_point(parameters, volts, torque, slip, current, power):
    motor = machine(0.1, **parameters)
    supply = Supply(True, math.sqrt(2.0) * volts, 0.0, W, 0.0)
    run(motor, 120, Load(0.0, 0.0, 0.0), supply)
    run(motor, 180, Load(torque, 0.0, 0.0), supply)
    before = motor.energy()
    run(motor, 20, Load(torque, 0.0, 0.0), supply)
    _, _, d = balance(motor, before)
    assert 1.0 - motor.speed_rad_s * 2.0 / W == pytest.approx(slip, abs=4e-7)
    point = motor.circuit().solve(volts, HZ, slip)
    assert motor.current_a == pytest.approx(point.current_a, rel=1e-5)
    assert d["electrical_in"] / 0.2 == pytest.approx(point.power_in_w, rel=1e-5)
    if current is not None:
        assert motor.current_a == pytest.approx(current, rel=2e-5)
        assert d["electrical_in"] / 0.2 == pytest.approx(power, rel=2e-5)
