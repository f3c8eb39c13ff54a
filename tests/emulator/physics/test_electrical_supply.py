import math

import numpy as np
import pytest
from scipy.optimize import brentq

from emulator.physics.electrical_supply import (
    ElectricalSupply,
    ElectricalSupplyParameters,
    loaded_voltage,
    site_mains,
)
from emulator.physics.machine import kinds
from emulator.physics.ports import Junction, Port
from emulator.physics.site import Site
from emulator.physics.terminal import MainsQuality
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams
from rigs.assets import nameplates
from tests.emulator.physics.motors import linear, machine

DOL = VfdParameters(bypass=True, current_limit_a=1e9)


def supply(**parameters):
    return ElectricalSupply(ElectricalSupplyParameters(**parameters), Site(Streams(1)), "supply1")


class Feeder:
    """One supply, and motors of 15 kW straight on it or behind a drive."""

    def __init__(self, *drives, **parameters):
        self.supply = supply(**parameters)
        self.drives = [Vfd(parameters) for parameters in drives]
        self.motors = [machine(0.2) for _ in drives]
        for n, drive in enumerate(self.drives):
            self.supply.feed(f"drive{n}", drive)
            drive.command_reference(50.0)
        self.power = [0.0] * len(drives)
        self.supply.start()

    def run(self, ticks):
        for n in range(ticks):
            self.supply.tick(n * 10_000_000)
            for m, (drive, motor) in enumerate(zip(self.drives, self.motors, strict=True)):
                before = motor.energy()["electrical_in"]
                motor.advance(
                    drive.tick(self.power[m], motor.current_a, motor.speed_rad_s / math.pi), linear(0.3)(motor)
                )
                self.power[m] = (motor.energy()["electrical_in"] - before) / 0.01


@pytest.mark.parametrize(("p", "q"), [(0.0, 0.0), (0.02, 0.015), (0.2, 0.1), (-0.1, 0.05)])
@pytest.mark.parametrize("x_over_r", [0.3, 3.0, 20.0])
def test_the_voltage_is_that_behind_the_impedance(p, q, x_over_r):
    v = loaded_voltage(1.02, p, q, x_over_r)
    z = complex(1.0, x_over_r) / math.hypot(1.0, x_over_r)
    assert abs(v + z * complex(p, -q) / v) == pytest.approx(1.02, rel=1e-12)


def test_beyond_the_nose_the_voltage_is_low_but_a_number():
    top = brentq(lambda p: (1.0 - 2.0 * 0.3162 * p) ** 2 / 4 - p * p, 0.0, 2.0)
    assert 0.1 < loaded_voltage(1.0, 50.0, 50.0, 3.0) < loaded_voltage(1.0, 0.9 * top, 0.0, 3.0) < 1.0
    assert loaded_voltage(0.0, 0.1, 0.1, 3.0) == 0.0


@pytest.mark.slow_without_jit
def test_a_direct_start_sags_the_voltage_of_a_motor_beside_it_until_it_runs():
    feeder = Feeder(DOL, DOL, short_circuit_va=1.5e6)
    one, other = feeder.drives
    one.command_run(True)
    feeder.run(120)
    before, speed = feeder.supply.mains.gain, feeder.motors[0].speed_rad_s
    other.command_run(True)
    feeder.run(10)
    assert feeder.supply.mains.gain < before - 0.04
    assert one.mains.gain == other.mains.gain == feeder.supply.mains.gain
    assert feeder.motors[0].speed_rad_s < speed
    feeder.run(250)
    assert before - 0.02 < feeder.supply.mains.gain < before
    balance = feeder.supply.balances()["energy"]
    assert abs(balance.residual) < 1e-9
    delivered = sum(motor.energy()["electrical_in"] for motor in feeder.motors)
    assert balance.went_out - feeder.supply.loss_j == pytest.approx(delivered, rel=0.01)


@pytest.mark.slow_without_jit
def test_a_drive_s_harmonics_reach_a_motor_on_the_mains_and_a_stiff_supply_has_few():
    def fifth(power):
        feeder = Feeder(VfdParameters(ramp_s=2.0), DOL, short_circuit_va=power)
        for drive in feeder.drives:
            drive.command_run(True)
        feeder.run(400)
        feeder.supply.tick(0)
        share = 5.0 * 0.35 * 3.0 / math.sqrt(10.0) * feeder.drives[0].drawn_w / power
        assert feeder.supply.mains.fifth == pytest.approx(share, rel=1e-12)
        return feeder.supply.mains.fifth, feeder.motors[1].general

    weak, stiff = fifth(3e6), fifth(50e6)
    assert weak[0] > 0.002 > 0.001 > stiff[0] > 0.0
    assert weak[1]
    assert Feeder(DOL).supply.mains.fifth == 0.0


def test_site_and_condition_make_the_mains():
    one = supply()
    drive = Vfd(DOL)
    one.feed("motor1", drive)
    drive.command_run(True)
    one.tick(0)
    assert drive.tick(0.0, 0.0, 0.0).terminal is None
    one.site.mains_unbalance, one.condition.unbalance, one.site.mains_hz, one.site.mains_gain = 0.01, 0.02, 49.0, 0.95
    one.condition.open_phase = 1
    one.tick(0)
    given = drive.tick(0.0, 0.0, 0.0)
    assert given.terminal.negative == pytest.approx(0.03)
    assert given.terminal.open_phase == 1
    assert given.speed_rad_s == pytest.approx(2 * math.pi * 49.0)
    assert given.voltage_v == pytest.approx(0.95 * 400.0 * math.sqrt(2 / 3), rel=1e-3)


def test_a_machine_on_the_port_sags_it_too():
    one = supply(short_circuit_va=1e6)
    taker = Port("wire", "flow", flow=-50e3, joined=True)
    one.ports["wire"].joined = True
    junction = Junction(one.ports["wire"], [taker])
    for _ in range(3):
        junction.exchange()
        one.tick(0)
    junction.exchange()
    assert taker.potential == one.mains.gain < 0.98
    assert one.signals()["active_power_w"] == 50e3
    assert one.signals()["voltage_v"] == pytest.approx(400.0 * one.mains.gain)


def test_a_drive_without_a_supply_takes_the_site_s_mains():
    site, mains = Site(Streams(1)), MainsQuality()
    site_mains(site, mains)
    assert mains == MainsQuality()
    site.mains_unbalance, site.mains_hz = 0.01, 51.0
    site_mains(site, mains, 60.0)
    assert (mains.negative, mains.frequency_hz) == (0.01, pytest.approx(61.2))


def test_it_is_built_from_its_nameplate_and_found():
    plate = nameplates()["electrical_supply"](kind="electrical_supply", id="supply1", short_circuit_power="2 MW")
    made = kinds()["electrical_supply"].build(plate, {"fifth_share": 0.2}, Site(Streams(1)))
    assert made.parameters.short_circuit_va == 2e6
    assert made.parameters.fifth_share == 0.2


def test_save_and_restore_go_on_bit_for_bit():
    one, other = supply(short_circuit_va=1e6), supply(short_circuit_va=1e6)
    one.ports["wire"].joined, one.ports["wire"].flow = True, -40e3
    one.condition.gain = 0.9
    for n in range(5):
        one.tick(n)
    other.restore(one.save())
    one.tick(5), other.tick(5)
    assert one.signals() == other.signals()
    assert np.isfinite(list(one.signals().values())).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"short_circuit_va": 0.0}, "short_circuit_va = 0.0 must be a positive number"),
        ({"power_factor": 1.5}, r"power_factor = 1.5 must be in \(0, 1\]"),
        ({"fifth_share": -0.1}, r"fifth_share = -0.1 must be in \[0, 1\]"),
    ],
)
def test_parameters_no_supply_has_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        supply(**parameters)
