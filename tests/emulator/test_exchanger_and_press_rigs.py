"""The exchanger loop and the hydraulic press as whole rigs: every point has its value, and joined machines agree."""

import math

import pytest

from emulator.faults.base import registry
from emulator.plant import Plant
from rigs.load import load_rig, load_scenario, scenario_files

RIGS = ("exchanger_loop", "hydraulic_press")


def plant(name, **changes):
    return Plant(load_rig(name, changes or None), seed=1)


def stepped(made, seconds):
    for _ in range(round(seconds * 10)):
        made.step()
    return made.signals


@pytest.mark.parametrize("name", RIGS)
def test_every_point_has_a_value_and_every_write_a_command(name):
    rig = load_rig(name)
    made = plant(name)
    signals = stepped(made, 0.3)
    for point in rig.points:
        if point.write is not None:
            assert point.write in made.commands
        if point.signal is None:
            continue
        if point.waveform is not None:
            n0, count = made.sample_range(point.waveform.rate)
            assert len(made.waveform(point.signal, n0, count, point.waveform.rate)) == count > 0
        assert math.isfinite(signals[point.signal])


def test_the_second_exchanger_takes_what_the_first_leaves():
    made = plant("exchanger_loop")
    s = stepped(made, 20.0)
    assert s["exchanger1.effectiveness"] == pytest.approx(0.6, abs=1e-6)
    assert s["exchanger2.hot_inlet_temperature_k"] == pytest.approx(s["exchanger1.hot_outlet_temperature_k"], abs=1e-3)
    assert s["exchanger2.hot_flow_kg_s"] == pytest.approx(2.5)
    made.command("exchanger1.hot_flow_kg_s", 1.5)
    s = stepped(made, 1.0)
    assert s["exchanger2.hot_flow_kg_s"] == pytest.approx(1.5)
    for name in ("exchanger1", "exchanger2"):
        balances = made.assets[name].balances()
        assert all(abs(b.residual) < 1e-9 for b in balances.values())


def test_the_motor_feels_the_press():
    made = plant("hydraulic_press")
    s = dict(stepped(made, 5.0))
    press = s["hpu1.press_force_n"]
    loaded, speed = s["motor1.active_power_w"], s["motor1.speed_rad_s"]
    assert press > 25_000.0
    assert s["hpu1.speed_rad_s"] == pytest.approx(speed, rel=1e-3)
    assert s["hpu1.shaft_power_w"] == pytest.approx(loaded * 0.87, rel=0.06)
    s = stepped(made, 11.0)  # the relief valve is let off: the shaft runs free
    assert s["motor1.active_power_w"] < 0.6 * loaded
    assert s["motor1.speed_rad_s"] > speed
    energy = made.assets["hpu1"].balances()["energy"]
    assert abs(energy.residual) < 1e-6


def test_a_cold_press_starts():
    made = plant("hydraulic_press", start="cold", ambient="-20 degC")
    s = stepped(made, 3.0)
    assert all(math.isfinite(v) for v in s.values())
    assert s["motor1.speed_rad_s"] > 140.0
    assert s["hpu1.pump_pressure_pa"] > 20e5


@pytest.mark.parametrize("name", RIGS)
def test_scenarios_name_faults_that_fit(name):
    rig = load_rig(name)
    shown = {point.id for point in rig.points}
    faults = registry()
    files = scenario_files(name)
    assert len(files) == 4
    for path in files:
        scenario, _ = load_scenario(path)
        assert scenario.duration <= 70_000_000_000
        assert set(scenario.show) <= shown
        for spec in scenario.faults:
            assert rig.asset(spec.on).kind in faults[spec.kind].targets
