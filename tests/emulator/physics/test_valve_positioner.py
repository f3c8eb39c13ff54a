import math

import numpy as np
import pytest

from emulator.physics.control_valve import ControlValve, ControlValveParameters
from emulator.physics.kernels import valve as k
from emulator.physics.valve_positioner import Actuator, ActuatorParameters


def run(actuator, signal, seconds, **friction):
    given = {"stick_band": 0.0, "slip_jump": 0.0, "fill_gain": 1.0, "drop_pa": 0.0} | friction
    return np.array([actuator.advance(signal, 0.01, *given.values()) for _ in range(round(seconds * 100))])


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (1.0, 0.0)])
def test_a_full_stroke_takes_the_stroke_time_both_ways(start, end):
    rows = run(Actuator(ActuatorParameters(), 20.0, start), end, 25.0)
    there = np.flatnonzero(np.abs(rows - end) < 0.003)[0] * 0.01
    assert there == pytest.approx(20.0, rel=0.05)


def test_levels_agree_on_where_the_stem_comes_to_rest():
    for target in (0.1, 0.5, 0.93):
        rest = []
        for pneumatic in (False, True):
            v = ControlValve(ControlValveParameters(pneumatic=pneumatic), 0.5)
            v.signal = target
            for _ in range(2500):
                v.advance(0.01)
            rest.append(v.position)
        assert rest[0] == pytest.approx(rest[1], abs=0.002)


def test_spring_and_air_balance_at_rest():
    a = Actuator(ActuatorParameters(), 20.0, 0.2)
    run(a, 0.6, 20.0)
    spring = 6e4 * (a.position * 0.025 + 0.008)
    assert a.pressure_pa * 0.02 == pytest.approx(spring, abs=0.01 * 6e4 * 0.025)


def test_a_frictionless_stem_swings_at_its_natural_frequency():
    p = np.array([*Actuator(ActuatorParameters(), 20.0, 0.5)._array])
    p[k.V_VISCOUS] = p[k.V_COULOMB] = p[k.V_STATIC] = 0.0
    p[k.V_VOLUME] = 1e3  # so much air that its pressure holds
    rest = (1.6e5 - p[k.V_AIR]) * 0.02 / 6e4 - 0.008
    s = np.array([rest + 0.002, 0.0, 1.6e5, -1.0])
    omega = math.sqrt(6e4 / 5.0)
    for i in range(1, 40):
        k.stroke(0.01, 10, s, 0.0, p)
        assert s[k.S_X] - rest == pytest.approx(0.002 * math.cos(omega * 0.01 * i), abs=4e-6)


def test_coulomb_friction_takes_four_of_it_per_swing():
    p = np.array([*Actuator(ActuatorParameters(), 20.0, 0.5)._array])
    friction = 10.0
    p[k.V_VISCOUS], p[k.V_COULOMB], p[k.V_STATIC], p[k.V_VOLUME] = 0.0, friction, friction, 1e3
    rest = (1.6e5 - p[k.V_AIR]) * 0.02 / 6e4 - 0.008
    s = np.array([rest + 0.002, 0.0, 1.6e5, -1.0])
    half = math.pi / math.sqrt(6e4 / 5.0)
    k.stroke(half * 0.999, 10, s, 0.0, p)
    assert s[k.S_X] - rest == pytest.approx(-(0.002 - 2 * friction / 6e4), rel=1e-3)
    for _ in range(200):
        k.stroke(0.01, 10, s, 0.0, p)
    assert s[k.S_V] == 0.0
    assert s[k.S_MODE] == 0.0
    # x_k = (-1)^k (x0 - 2 k F/k_s) until it lies within F/k_s: 2 mm, 1.667, 1.333, 1.0, 0.667, 0.333, 0
    assert abs(s[k.S_X] - rest) <= friction / 6e4 + 1e-9


def test_events_lie_inside_the_step():
    ends = {}
    for inner in (10, 20):
        a = Actuator(ActuatorParameters(inner_steps=inner), 20.0, 0.5)
        rows = run(a, 0.8, 4.0, stick_band=0.05, slip_jump=0.03)
        ends[inner] = (rows, a.events)
    assert ends[10][1] == ends[20][1] > 3
    assert np.abs(ends[10][0] - ends[20][0]).max() < 1e-4


def test_the_water_pushes_the_plug_open_or_shut():
    a = Actuator(ActuatorParameters(plug_area_m2=1e-4), 20.0, 0.5)
    run(a, 0.5, 1.0)
    pressure = a.pressure_pa
    run(a, 0.5, 30.0, drop_pa=1e6)
    assert (a.pressure_pa - pressure) * 0.02 == pytest.approx(100.0, abs=16.0)
    assert a.position == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize(
    ("given", "message"),
    [({"supply_pa": 1.5e5}, "cannot open the valve"), ({"mass_kg": 0.0}, "mass_kg = 0 must be above 0")],
)
def test_an_actuator_that_cannot_work_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ActuatorParameters(**given)


def test_a_valve_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"control_valve.rangeability = 1 must be above 1"):
        ControlValveParameters(rangeability=1.0)
