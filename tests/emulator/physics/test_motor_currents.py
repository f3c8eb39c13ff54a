"""Terminal currents and voltages as waveforms: what they say, and that no rate or cut changes it."""

import math

import numpy as np
import pytest

from emulator.physics.motor_currents import QUANTITIES
from tests.emulator.physics.motors import (
    MAINS,
    OPEN,
    PEAK,
    PHASE,
    TURN,
    W,
    constant,
    linear,
    machine,
    record,
    run,
    sequences,
)

SLIP = 0.0148


def test_a_healthy_motor_s_currents_and_voltages_are_the_circuit_s():
    motor = machine(0.202, SLIP)
    point = motor.circuit().solve(PHASE, 50.0, SLIP)
    trace = record(motor, 4, constant(motor, SLIP))
    current, voltage = (sequences(trace, kind, 0, 80)[0] for kind in ("current", "voltage"))
    assert abs(voltage) == pytest.approx(PHASE, rel=1e-12)
    assert abs(current) == pytest.approx(point.current_a, rel=1e-9)
    power = 3.0 * voltage * current.conjugate()
    assert power.real == pytest.approx(point.power_in_w, rel=1e-8)
    assert power.imag == pytest.approx(point.reactive_var, rel=1e-8)
    assert motor.reactive_var == pytest.approx(point.reactive_var, rel=1e-8)


def test_the_phases_follow_each_other_by_a_third_of_a_turn_and_sum_to_nothing():
    motor = machine(0.202, SLIP)
    trace = record(motor, 2, constant(motor, SLIP))
    a, b, c = (trace.waveform(f"current_{p}_a", 0, 200, 10_000.0) for p in "abc")
    assert np.max(np.abs(a + b + c)) < 1e-9
    t = np.arange(200) / 1e4
    vector = 2.0 / 3.0 * (a + TURN * b + TURN**2 * c) * np.exp(-1j * W * t)
    assert np.ptp(vector.real) + np.ptp(vector.imag) < 1e-6


@pytest.mark.parametrize("rate", [20_000.0, 10_000.0, 12_800.0, 3333.333, 44.1])
@pytest.mark.parametrize("condition", [{}, {"shorted_turns": 0.02}])
def test_any_cut_of_blocks_and_calls_gives_the_same_bits(rate, condition):
    def samples(blocks, calls):
        motor, out, n, tick = machine(0.202, SLIP), [], 0, 0
        for name, value in condition.items():
            setattr(motor.condition, name, value)
        for ticks in blocks:
            trace = record(motor, ticks, linear(0.4), t0_ns=tick * 10_000_000)
            tick += ticks
            end = -(-tick * 10_000_000 * round(rate * 1e6) // 10**15)
            for count in (*[calls] * ((end - n) // calls), (end - n) % calls):
                out.append(trace.waveform("current_b_a", n, count, rate))
                n += count
        return np.concatenate(out)

    whole = samples([12], 10_000)
    assert np.array_equal(whole, samples([1] * 12, 7))
    assert np.array_equal(whole, samples([5, 7], 64))


@pytest.mark.slow_without_jit
def test_between_substeps_a_current_is_met_to_a_few_parts_in_ten_thousand():
    def wave(substeps, rate):
        motor = machine(0.202, SLIP, substeps=substeps)
        motor.condition.static_eccentricity, motor.condition.dynamic_eccentricity = 0.3, 0.3
        run(motor, 5, linear(0.4))
        return record(motor, 2, linear(0.4)).waveform("current_a_a", 0, round(rate * 0.02), rate)

    fine, coarse = wave(1600, 20_000.0 * 8), wave(200, 20_000.0 * 8)
    assert np.max(np.abs(fine - coarse)) < 3e-4 * np.max(np.abs(fine))


def test_rates_agree_where_their_samples_meet():
    motor = machine(0.202, SLIP)
    motor.condition.terminal_unbalance = 0.05
    trace = record(motor, 4, linear(0.4))
    fast, slow = trace.waveform("current_a_a", 0, 800, 20_000.0), trace.waveform("current_a_a", 0, 400, 10_000.0)
    assert fast[::2] == pytest.approx(slow, abs=1e-9)


def test_the_angle_goes_on_from_block_to_block():
    motor = machine(0.202, SLIP)
    load = constant(motor, SLIP)
    first = record(motor, 3, load)
    second = record(motor, 3, load, t0_ns=30_000_000)
    a = np.concatenate([first.waveform("voltage_a_v", 0, 300, 1e4), second.waveform("voltage_a_v", 300, 300, 1e4)])
    assert a == pytest.approx(PEAK * np.cos(W * np.arange(600) / 1e4), abs=1e-7)


def test_a_coasting_motor_shows_the_voltage_of_its_dying_field_and_no_current():
    motor = machine(0.202, SLIP)
    speed = 2.0 * motor.speed_rad_s
    trace = record(motor, 5, linear(0.0), OPEN)
    assert not np.any(trace.waveform("current_a_a", 0, 500, 10_000.0))
    voltage = sum(trace.waveform(f"voltage_{p}_v", 0, 500, 10_000.0) * TURN**k for k, p in enumerate("abc")) * 2 / 3
    # At once nearly that of the mains, then falling with the rotor's time constant and its speed, turning with the rotor.
    assert 0.85 * PEAK < abs(voltage[0]) < PEAK
    decay = math.log(abs(voltage[0]) / abs(voltage[400])) / 0.04
    assert decay == pytest.approx(0.2205 / 65.181e-3 + 0.009541 / 0.202, rel=1e-3)
    assert np.angle(voltage[1] / voltage[0]) * 1e4 == pytest.approx(speed, rel=0.01)


def test_recording_changes_no_bit_of_the_motor():
    one, other = machine(0.202, SLIP), machine(0.202, SLIP)
    run(one, 20, linear(0.4))
    record(other, 20, linear(0.4))
    assert np.array_equal(one.state, other.state)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("current_d_a", 0, 10, 1e4), "no waveform 'current_d_a' of a motor; there are: current_a_a"),
        (("current_a_a", 0, 10, 0.0), "rate_hz = 0.0 must be positive"),
        (("current_a_a", 95, 10, 1e4), "do not lie in the block just recorded"),
        (("current_a_a", 300, 10, 1e4), "do not lie in the block just recorded"),
    ],
)
def test_what_was_not_recorded_is_refused(given, message):
    motor = machine(0.202, SLIP)
    trace = record(motor, 1, linear(0.4), MAINS)
    with pytest.raises(ValueError, match=message):
        trace.waveform(*given)


def test_a_motor_that_recorded_nothing_says_so():
    motor = machine(0.202, SLIP)
    assert motor.waveforms() == tuple(QUANTITIES)
    with pytest.raises(ValueError, match="call begin_block before"):
        motor.waveform("current_a_a", 0, 10, 1e4)
    record(motor, 1, linear(0.4))
    assert motor.waveform("current_a_a", 0, 10, 1e4).shape == (10,)
