"""Faults of control valves and controllers, at both levels of the valve and in a loop."""

import math

import numpy as np
import pytest

from emulator.faults.pid_tuning import PidTuning
from emulator.faults.valve_dead_band import ValveDeadBand
from emulator.faults.valve_low_air import ValveLowAir
from emulator.faults.valve_positioner_offset import ValvePositionerOffset
from emulator.faults.valve_stiction import ValveStiction
from emulator.faults.valve_trim_erosion import ValveTrimErosion
from emulator.physics.control_valve import ControlValve, ControlValveParameters
from emulator.physics.pid import Pid, PidParameters

ALL = [ValveStiction, ValveDeadBand, ValveTrimErosion, ValvePositionerOffset, ValveLowAir]


def valve(level="F0", position=0.5):
    return ControlValve(ControlValveParameters(pneumatic=level == "F1"), position)


def follow(v, signal_at, ticks):
    rows = []
    for i in range(ticks):
        v.signal = signal_at(i)
        v.advance(0.01)
        rows.append((v.position, v.kv_m3_h))
    return np.array(rows)


def triangle(i):
    phase = i % 4000 / 4000
    return 0.5 + 0.2 * (1.0 - abs(4.0 * phase - 2.0)) if phase >= 0 else 0.5


@pytest.mark.parametrize("level", ["F0", "F1"])
@pytest.mark.parametrize("fault", ALL)
def test_severity_0_is_bit_equal_to_no_fault_even_after_one(fault, level):
    sick, sound = valve(level), valve(level)
    fault({}).apply(sick, 0.6, 0)
    fault({}).apply(sick, 0.0, 0)
    assert np.array_equal(follow(sick, triangle, 300), follow(sound, triangle, 300))


@pytest.mark.parametrize("level", ["F0", "F1"])
def test_saved_in_the_middle_it_goes_on_bit_for_bit(level):
    v = valve(level)
    ValveStiction({}).apply(v, 0.5, 0)
    follow(v, triangle, 137)
    saved = v.save()
    rest = follow(v, triangle, 200)
    other = valve(level)
    other.restore(saved)
    assert np.array_equal(rest, follow(other, triangle, 200))


@pytest.mark.parametrize("level", ["F0", "F1"])
def test_dead_band_loses_motion_at_a_reversal(level):
    lost = []
    for severity in (0.0, 0.4, 0.8):
        v = valve(level)
        ValveDeadBand({}).apply(v, severity, 0)
        rows = follow(v, lambda i: 0.5 + 0.1 * min(i, 2000) / 2000 - 0.1 * max(i - 2000, 0) / 2000, 4000)[:, 0]
        peak = 2000
        back = np.flatnonzero(rows[peak:] < rows[peak : peak + 200].max() - 0.004)
        lost.append((back[0] if back.size else 2000) / 2000 * 0.1)
    if level == "F0":
        assert lost[1:] == pytest.approx([0.04, 0.08], abs=0.006)
    assert lost == sorted(lost)


def test_a_sticking_pneumatic_stem_jumps():
    def largest_move(severity):
        v = valve("F1")
        ValveStiction({}).apply(v, severity, 0)
        rows = follow(v, lambda i: 0.4 + 0.1 * i / 3000, 3000)[:, 0]
        return np.diff(rows[::10]).max()

    moves = [largest_move(s) for s in (0.0, 0.3, 1.0)]
    assert moves == sorted(moves)
    assert moves[0] < 0.002  # a tenth of a second of the ramp is 0.03 %
    assert moves[2] > 0.02


def test_worn_trim_passes_more_and_leaks_when_shut():
    v = valve()
    ValveTrimErosion({}).apply(v, 0.5, 0)
    assert v.kv_at(0.5) == pytest.approx(1.15 * valve().kv_at(0.5))
    assert v.kv_at(0.0) == pytest.approx(0.025 * 63.0)
    assert valve().kv_at(0.0) == 0.0


@pytest.mark.parametrize("level", ["F0", "F1"])
@pytest.mark.parametrize(("opens", "sign"), [(True, 1.0), (False, -1.0)])
def test_a_lost_zero_stands_beside_its_signal(level, opens, sign):
    v = valve(level)
    ValvePositionerOffset({"opens": opens}).apply(v, 0.5, 0)
    follow(v, lambda _: 0.5, 1500)
    assert v.position == pytest.approx(0.5 + sign * 0.05, abs=0.002)


@pytest.mark.parametrize("level", ["F0", "F1"])
def test_low_air_slows_the_opening_stroke_only(level):
    def stroke(severity, start, end):
        v = valve(level, start)
        ValveLowAir({}).apply(v, severity, 0)
        v.signal, ticks = end, 0
        while abs(v.position - start) < 0.3:
            v.advance(0.01)
            ticks += 1
        return ticks * 0.01

    assert stroke(0.0, 0.2, 1.0) == pytest.approx(6.0, rel=0.15)
    assert stroke(1.0, 0.2, 1.0) / stroke(0.0, 0.2, 1.0) == pytest.approx(5.0, rel=0.08)
    assert stroke(1.0, 0.8, 0.0) == pytest.approx(stroke(0.0, 0.8, 0.0), rel=1e-9)


def loop(gain_factor, seconds=600.0, dt=0.1):
    """Process value [%] of 3 e^{-10 s}/(10 s + 1) under K_c = 0.2, T_i = 10 s after a step of the set-point."""
    pid = Pid(PidParameters(gain=0.2, integral_s=10.0, scan_s=dt, span=100.0))
    pid.setpoint, pid.manual_output = 50.0, 0.5
    pid.scan(50.0)
    pid.auto = True
    pid.condition.gain_factor = gain_factor
    y, seen, delay = 0.0, [], [0.5] * round(10.0 / dt)
    for _ in range(round(seconds / dt)):
        pid.setpoint = 51.0
        delay.append(pid.scan(50.0 + y))
        y += (300.0 * (delay.pop(0) - 0.5) - y) * (1.0 - math.exp(-dt / 10.0))
        seen.append(y)
    return np.array(seen)


def test_at_the_ultimate_gain_the_loop_swings_for_ever():
    # K_c 3/(10 s)·e^{-10 s}: phase -π at ω = π/20, gain 1 at K_c = π/6 = 2.618·0.2, less for the scan's own delay
    pid = Pid(PidParameters())
    PidTuning({"ultimate_ratio": 2.585}).apply(pid, 1.0, 0)
    y = loop(pid.condition.gain_factor)
    early, late = np.ptp(y[2000:3000]), np.ptp(y[5000:])
    assert late == pytest.approx(early, rel=0.15)
    up = np.flatnonzero((y[3000:-1] < 1.0) & (y[3001:] >= 1.0))
    assert np.diff(up).mean() * 0.1 == pytest.approx(40.0, rel=0.02)
    assert np.ptp(loop(1.8)[5000:]) < 0.02 * late
    PidTuning({}).apply(pid, 0.0, 0)
    assert pid.condition.gain_factor == 1.0
    with pytest.raises(ValueError, match="must be above 1"):
        PidTuning({"ultimate_ratio": 0.5})


@pytest.mark.parametrize("fault", [*ALL, PidTuning])
def test_a_parameter_it_does_not_have_is_refused(fault):
    with pytest.raises(ValueError, match="has no parameter 'depth'"):
        fault({"depth": 1.0})
