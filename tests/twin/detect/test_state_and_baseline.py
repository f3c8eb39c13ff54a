"""Operating states, and what commissioning learns."""

import numpy as np
import pytest

from twin.detect.baseline import Baseline
from twin.detect.state import StateMachine

SCALES = {"speed": 153.0, "flow": 0.022, "position": 1.0}


def run(machine, rows):
    return [machine.update(row) for row in rows]


def values(speed, flow=0.02, position=0.8, running=1.0):
    return {"speed": speed, "flow": flow, "position": position, "running": running}


def test_a_machine_starts_settles_and_stops():
    machine = StateMachine(SCALES)
    assert run(machine, [values(0.0, 0.0)] * 5)[-1] == "off"
    assert "start" in run(machine, [values(15.0 * i, 0.001 * i) for i in range(1, 11)])
    assert run(machine, [values(150.0)] * 6)[-1] == "transient"
    assert run(machine, [values(150.0)] * 8)[-1] == "steady"
    assert run(machine, [values(150.0 - 15 * i, running=0.0) for i in range(5)])[-1] == "stop"


def test_a_slow_drift_is_not_a_transient():
    machine = StateMachine(SCALES)
    states = run(machine, [values(150.0, 0.02 + 0.022 * 0.0003 * i) for i in range(60)])
    assert set(states[12:]) == {"steady"}


def test_a_sensor_known_to_lie_does_not_gate_the_others():
    machine = StateMachine(SCALES)
    rows = [values(150.0, 0.02 + 0.002 * (i % 5)) for i in range(40)]
    assert [machine.update(row, frozenset({"flow"})) for row in rows][-1] == "steady"


def test_without_any_speed_the_state_is_unknown():
    assert StateMachine(SCALES).update({"flow": 0.02}) == "unknown"


def baseline():
    return Baseline(np.array([50.0]), np.array([0.8]), np.array([0.02]), 40, 12)


def test_commissioning_narrows_what_is_expected_where_it_ran_and_not_elsewhere():
    b = baseline()
    for _ in range(40):
        b.learn(np.array([0.5]), 1.0, 0.95)
    here, sigma_here = b.predict(1.0, 0.95)
    _, sigma_there = b.predict(0.5, 0.3)
    assert b.commissioned
    assert here[0] == pytest.approx(0.5, abs=0.02)
    assert sigma_here[0] < 0.05
    assert sigma_there[0] > 5 * sigma_here[0]


def test_a_correction_is_bounded_to_three_percent_of_span():
    b = baseline()
    for _ in range(40):
        b.learn(np.array([20.0]), 1.0, 0.95)
    assert b.predict(1.0, 0.95)[0][0] == pytest.approx(1.5)


def test_a_learned_region_is_closed_for_good_and_new_ones_wait_for_the_first():
    b = baseline()
    b.learn(np.array([0.1]), 1.0, 0.95)
    assert not b.open_for(0.6, 0.5)
    for _ in range(39):
        b.learn(np.array([0.1]), 1.0, 0.95)
    assert not b.open_for(1.0, 0.95)
    assert b.open_for(0.6, 0.5)
