import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.physics.control_valve import (
    ControlValve,
    ControlValveParameters,
    Stem,
    choked_drop_pa,
    critical_ratio,
    flow_m3_s,
    resistance_of,
)
from emulator.physics.pid import Pid, PidParameters
from emulator.physics.water import vapour_pressure_pa

WATER = 998.207


def test_ten_litres_a_second_at_one_bar_is_a_kv_of_36():
    assert 36.0 * math.sqrt(WATER / 1000.0) == pytest.approx(35.968, abs=5e-4)
    assert flow_m3_s(35.968, 1e5, WATER) == pytest.approx(0.01, rel=1e-5)


def test_choking_of_cold_water():
    vapour = vapour_pressure_pa(293.15)
    assert critical_ratio(vapour) == pytest.approx(0.95712, abs=5e-6)
    assert choked_drop_pa(6e5, vapour, 0.9) / 1e5 == pytest.approx(4.842, abs=5e-4)


def test_half_travel_is_a_seventh_of_kvs():
    assert ControlValve(ControlValveParameters()).kv_at(0.5) / 63.0 == pytest.approx(0.14142, abs=5e-6)


@given(position=st.floats(0.05, 1.0), flow=st.floats(1e-4, 0.05))
def test_resistance_and_kv_say_the_same(position, flow):
    valve = ControlValve(ControlValveParameters(), position)
    drop_pa = WATER * 9.80665 * valve.resistance_s2_m5 * flow**2
    assert flow_m3_s(valve.kv_m3_h, drop_pa, WATER) == pytest.approx(flow, rel=1e-12)
    assert valve.position_for(valve.resistance_s2_m5) == pytest.approx(position, rel=1e-12)


def test_a_shut_valve_passes_nothing_worth_the_name():
    assert ControlValve(ControlValveParameters(), 0.0).resistance_s2_m5 == resistance_of(0.0) > 1e13


def test_a_full_stroke_takes_the_stroke_time():
    valve = ControlValve(ControlValveParameters(stroke_s=20.0))
    valve.signal = 1.0
    for _ in range(1999):
        valve.advance(0.01)
    assert valve.position < 1.0
    valve.advance(0.01)
    valve.advance(0.01)
    assert valve.position == 1.0


def test_a_healthy_stem_stands_exactly_where_it_is_driven():
    stem = Stem(0.5, 0.5)
    for drive in (0.5, 0.5001, 0.49, 0.49, 0.7):
        assert stem.follow(drive, 0.0, 0.0) == drive


def cycle(process, gain, integral_s, stick_band, slip_jump, seconds=3000.0, dt=0.1):
    """Period [s] and amplitude [%] of the loop's lasting oscillation after a step of the set-point by 5 %."""
    pid = Pid(PidParameters(gain=gain, integral_s=integral_s, scan_s=dt, span=100.0))
    pid.setpoint, pid.manual_output = 50.0, 0.5
    pid.scan(50.0)
    pid.auto = True
    stem, y, seen = Stem(0.5, 0.5, held_at=0.5), 0.0, []
    delay = [0.5] * round(10.0 / dt)
    for i in range(round(seconds / dt)):
        if i == 50:
            pid.setpoint = 55.0
        x = stem.follow(pid.scan(50.0 + y), stick_band, slip_jump)
        if process == "delayed":
            delay.append(x)
            y += (300.0 * (delay.pop(0) - 0.5) - y) * (1.0 - math.exp(-dt / 10.0))
        else:
            y += 0.1 * (x - 0.5) * 100.0 * dt
        seen.append(y)
    late = np.array(seen[len(seen) // 2 :])
    late -= late.mean()
    up = np.flatnonzero((late[:-1] < 0) & (late[1:] >= 0))
    return (np.diff(up).mean() * dt if up.size > 2 else math.nan), np.ptp(late) / 2


@pytest.mark.parametrize(("jump", "period", "amplitude"), [(0.01, 166.0, 2.1), (0.03, 72.0, 6.0)])
def test_stiction_makes_the_published_limit_cycle(jump, period, amplitude):
    found = cycle("delayed", 0.2, 10.0, 0.03, jump)
    assert found == pytest.approx((period, amplitude), rel=0.10)


def test_dead_band_alone_cycles_only_with_an_integrating_process():
    assert cycle("delayed", 0.2, 10.0, 0.03, 0.0)[1] < 0.1
    assert cycle("integrating", 0.4, 5.0, 0.03, 0.0) == pytest.approx((79.0, 4.2), rel=0.10)
