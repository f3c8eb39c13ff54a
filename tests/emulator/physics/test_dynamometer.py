import math

import numpy as np
import pytest

from emulator.physics.dynamometer import Dynamometer, DynamometerParameters
from emulator.physics.machine import ShaftLoad
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.dynamometer import Dynamometer as Nameplate


def brake(**parameters):
    return Dynamometer(DynamometerParameters(**parameters), Site(Streams(1)), "brake1")


def turn(machine, speeds):
    w0 = speeds[0]
    for w1 in speeds[1:]:
        machine.half_step(w0, 0.005)
        machine.half_step(w1, 0.005)
        machine.account(w1, 0.01)
        w0 = w1


def test_it_holds_the_torque_that_is_set():
    machine = brake()
    assert isinstance(machine, ShaftLoad)
    machine.commands()["wanted_nm"](120.0)
    turn(machine, np.full(301, 50.0))
    assert machine.signals()["torque_nm"] == pytest.approx(120.0 + 0.05 * 50.0, rel=1e-6)
    machine.commands()["wanted_nm"](9999.0)
    assert machine.wanted_nm == 400.0


@pytest.mark.parametrize("speed", [-40.0, 0.0, 1.0, 4.0, 150.0])
def test_slope_and_curvature_are_those_of_the_torque(speed):
    machine, h = brake(), 1e-3
    low, mid, high = (machine.load(speed + d)[0] for d in (-h, 0.0, h))
    _, slope, curvature = machine.load(speed)
    assert slope == pytest.approx((high - low) / (2 * h), rel=1e-4, abs=1e-6)
    assert curvature == pytest.approx((high - 2 * mid + low) / h**2, rel=1e-3, abs=1e-3)


def test_all_work_becomes_heat():
    machine = brake()
    machine.start()
    turn(machine, 60.0 * np.abs(np.sin(np.linspace(0.0, 6.0, 400))))
    assert machine.work_j > 1e4
    assert abs(machine.balances()["energy"].residual) < 1e-12
    machine.settle(50.0)
    assert machine.disc_k - 293.15 == pytest.approx(50.0 * (200.0 + 2.5) / 150.0)


def test_restored_it_goes_on_bit_for_bit():
    one, other = brake(), brake(torque_nm=10.0)
    turn(one, np.linspace(0.0, 50.0, 50))
    other.restore(one.save())
    for machine in (one, other):
        turn(machine, np.linspace(50.0, 10.0, 50))
    assert other.save() == one.save()
    assert all(math.isfinite(v) for v in one.signals().values())


def test_a_torque_beyond_the_brake_is_refused_with_its_place():
    plate = Nameplate(id="brake7", kind="dynamometer", torque="500 N*m", maximum_torque="400 N*m")
    with pytest.raises(ValueError, match=r"^brake7\.torque_nm = 500\.0 must be in \[0, 400\.0\]"):
        Dynamometer.build(plate, {}, Site(Streams(1)))
