"""A drive and its motor together: pulses, ripple, a failing leg, field control, and what the mains does to them."""

import math
from itertools import pairwise

import numpy as np
import pytest

from emulator.physics.induction_motor import Load
from emulator.physics.kernels.motor import E_IN
from emulator.physics.vfd import Vfd, VfdParameters
from tests.emulator.physics.motors import amplitudes, balance, machine


class Bench:
    """A drive, M15 and a linear load; `run` records the whole stretch."""

    def __init__(self, hz=40.0, slope=0.25, **parameters):
        self.drive = Vfd(VfdParameters(**({"ramp_s": 2.0} | parameters)))
        self.motor = machine(0.2)
        self.drive.identify(self.motor.circuit(), 0.2)
        self.drive.command_reference(hz)
        self.drive.command_run(True)
        self.slope, self.power, self.tick = slope, 0.0, 0

    def run(self, ticks):
        motor = self.motor
        motor.begin_block(ticks, self.tick * 10_000_000)
        before, square = motor.energy()["electrical_in"], 0.0
        for _ in range(ticks):
            supply = self.drive.tick(self.power, motor.current_a, motor.speed_rad_s / math.pi)
            start = motor.state[E_IN]
            motor.advance(supply, Load(self.slope * motor.speed_rad_s, self.slope, motor.speed_rad_s))
            self.power = float(motor.state[E_IN] - start) / 0.01
            square += motor.current_square / ticks
        self.tick += ticks
        self.mean_w = (motor.energy()["electrical_in"] - before) / (ticks * 0.01)
        return math.sqrt(0.5 * square)

    def wave(self, quantity, ticks, rate=20_000.0):
        count = round(ticks * rate / 100)
        return self.motor.trace.waveform(quantity, round((self.tick - ticks) * rate / 100), count, rate)


def settled(*args, **parameters):
    bench = Bench(*args, **parameters)
    bench.run(450)
    return bench


@pytest.mark.parametrize("hz", [20.0, 40.0, 50.0])
@pytest.mark.slow_without_jit
def test_pulses_and_their_mean_agree_on_power_speed_and_fundamental(hz):
    mean, pulsed = settled(hz), settled(hz, pulsed=True)
    mean.run(20), pulsed.run(20)
    assert pulsed.mean_w == pytest.approx(mean.mean_w, rel=0.01)
    assert pulsed.motor.speed_rad_s == pytest.approx(mean.motor.speed_rad_s, rel=0.001)
    for quantity in ("current_a_a", "voltage_a_v"):
        lines = [amplitudes(bench.wave(quantity, 20), 20_000.0, [hz])[0] for bench in (mean, pulsed)]
        assert lines[1] == pytest.approx(lines[0], rel=0.01)
    assert mean.motor.general is False
    # The pulses are not late: a sample is the mean of the substep that follows it, hence half of one ahead.
    angle = 2.0 * math.pi * (pulsed.motor.trace.turn[0] + hz * np.arange(4000) / 20_000.0)
    found = np.angle(np.mean(pulsed.wave("voltage_a_v", 20) * np.exp(-1j * angle)))
    assert found == pytest.approx(2.0 * math.pi * hz * 25e-6, abs=2e-3)


@pytest.mark.slow_without_jit
def test_pulses_give_side_bands_of_the_carrier_and_keep_the_account():
    bench = settled(40.0, pulsed=True)
    before = bench.motor.energy()
    bench.run(100)
    missing, _, _ = balance(bench.motor, before)
    assert abs(missing) < 1e-6
    lines = amplitudes(bench.wave("current_a_a", 100), 20_000.0, [40.0, 3920.0, 4080.0, 7960.0, 8040.0, 3500.0, 6000.0])
    assert np.all(lines[1:5] / lines[0] > 3e-3)
    assert np.all(lines[5:] / lines[0] < 1e-3)
    # k·f_c ± m·f₁ with k + m odd only: the carrier itself is common to all phases.
    assert amplitudes(bench.wave("current_a_a", 100), 20_000.0, [4000.0, 8000.0]).max() < 1e-3 * lines[0]


@pytest.mark.slow_without_jit
def test_an_aged_capacitor_shows_beside_the_fundamental_and_a_sound_one_does_not():
    def side(gain):
        bench = settled(40.0)
        bench.drive.condition.capacitance_gain = gain
        bench.run(50)
        lines = amplitudes(bench.wave("current_a_a", 50), 20_000.0, [40.0, 260.0, 340.0])
        return lines[1:].min() / lines[0], bench.drive.dc_ripple_v, bench.mean_w

    shares, ripples, powers = zip(*(side(gain) for gain in (1.0, 0.8, 0.5, 0.2)), strict=True)
    assert shares[0] < 1e-6
    assert all(a < b for a, b in pairwise(shares))
    assert all(a < b for a, b in pairwise(ripples))
    assert shares[-1] > 0.01
    assert powers[-1] == pytest.approx(powers[0], rel=0.01)


@pytest.mark.parametrize("pulsed", [False, True])
@pytest.mark.slow_without_jit
def test_an_open_switch_leaves_negative_half_waves_and_a_mean(pulsed):
    bench = settled(40.0, slope=0.1, pulsed=pulsed)
    before = bench.motor.energy()
    bench.drive.condition.failing_leg, bench.drive.condition.missing_pulses = 1, 1.0
    bench.run(100)
    bench.run(50)
    a, b, c = (bench.wave(f"current_{phase}_a", 50) for phase in "abc")
    assert b.max() < 1e-6
    assert b.min() < -15.0
    assert np.mean(b) < -3.0
    assert np.mean(a) > 1.0
    assert np.mean(a) + np.mean(c) == pytest.approx(-np.mean(b), rel=1e-6)
    missing, heat, _ = balance(bench.motor, before)
    assert abs(missing) < 1e-6
    assert abs(heat) < 1e-9


@pytest.mark.slow_without_jit
def test_more_missing_pulses_give_more_direct_current():
    def mean(share):
        bench = settled(40.0, slope=0.1)
        bench.drive.condition.failing_leg, bench.drive.condition.missing_pulses = 0, share
        bench.run(60)
        bench.run(20)
        return -np.mean(bench.wave("current_a_a", 20))

    means = [mean(share) for share in (0.002, 0.005, 0.02, 1.0)]
    assert means[0] > 0.05
    assert all(a < b for a, b in pairwise(means))


@pytest.mark.slow_without_jit
def test_field_control_holds_the_speed_under_load_where_v_f_slips():
    speeds = {}
    for control in ("v_f", "field"):
        bench = Bench(20.0, slope=0.6, control=control)
        bench.run(800)
        speeds[control] = bench.motor.speed_rad_s / math.pi
    assert speeds["field"] == pytest.approx(20.0, abs=0.02)
    assert speeds["v_f"] < 19.7


def test_field_control_needs_to_know_its_motor():
    drive = Vfd(VfdParameters(control="field"))
    drive.command_run(True)
    with pytest.raises(ValueError, match="needs to know its motor"):
        drive.tick(0.0, 0.0, 0.0)


@pytest.mark.slow_without_jit
def test_a_lost_phase_of_the_mains_sags_and_ripples_the_link_at_twice_its_frequency():
    bench = settled(40.0, slope=0.1, undervoltage_v=300.0)
    sound = bench.drive.dc_link_v, bench.drive.dc_ripple_v
    bench.drive.mains.open_phase = 0
    bench.run(50)
    assert bench.drive.dc_link_v < sound[0]
    assert bench.drive.dc_ripple_v > 3 * sound[1]
    lines = amplitudes(bench.wave("current_a_a", 50), 20_000.0, [40.0, 60.0, 140.0, 260.0])
    assert lines[1:3].min() > 10 * lines[3]
    loaded = settled(45.0, slope=0.5)
    loaded.drive.mains.open_phase = 0
    loaded.run(50)
    assert loaded.drive.trip == "undervoltage"


def test_the_overload_relay_trips_a_drive_and_lets_it_go_when_cool():
    bench = Bench(40.0, slope=0.25, overload_current_a=8.0, overload_time_s=5.0)
    for _ in range(300):
        bench.run(5)
        if bench.drive.trip:
            break
    assert bench.drive.trip == "overload"
    assert 0.0 <= bench.drive.tripped_after_s <= 0.01
    assert not bench.drive.energised
    bench.drive.command_run(False)
    bench.drive.command_run(True)
    bench.run(1)
    assert bench.drive.trip == "overload"
    bench.drive.command_run(False)
    bench.run(300)
    bench.drive.command_run(True)
    bench.run(1)
    assert not bench.drive.trip


@pytest.mark.slow_without_jit
def test_save_and_restore_go_on_bit_for_bit_between_pulses():
    def stretch(bench):
        bench.run(3)
        return bench.motor.state.copy(), bench.wave("current_a_a", 3)

    bench = Bench(40.0, pulsed=True, carrier_hz=3333.0)
    bench.drive.condition.failing_leg, bench.drive.condition.missing_pulses = 2, 0.7
    bench.run(40)
    drive, motor, power = bench.drive.save(), bench.motor.save(), bench.power
    state, wave = stretch(bench)
    again = Bench(40.0, pulsed=True, carrier_hz=3333.0)
    again.drive.restore(drive)
    again.motor.restore(motor)
    again.power, again.tick = power, 40
    same, same_wave = stretch(again)
    assert np.array_equal(state, same)
    assert np.array_equal(wave, same_wave)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ramp_s": 0.0}, "ramp_s = 0.0 must be a positive number"),
        ({"efficiency": 1.2}, r"efficiency = 1.2 must be in \(0, 1\]"),
        ({"control": "vector"}, "control = 'vector' must be 'v_f' or 'field'"),
        ({"carrier_hz": 50.0}, r"carrier_hz = 50.0 must be in \[500, 16000\]"),
    ],
)
def test_parameters_no_drive_has_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        VfdParameters(**parameters)
