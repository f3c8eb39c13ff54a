"""The twin's own physics against published numbers, not against any plant."""

import math

import pytest

from rigs.load import load_rig
from twin.models import thermal, water
from twin.models.motor import MotorCircuit
from twin.models.pump import PumpCurve
from twin.models.skid import Deviation, SkidModel, roles_of

PUMP = PumpCurve(1450 * math.pi / 30, 80 / 3600, 32.0, 40.0, 0.76, 2.5)
MOTOR = MotorCircuit(2, 400.0, 50.0, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3)


def test_water_has_the_density_and_vapour_pressure_of_the_steam_tables():
    assert water.density(293.15) == pytest.approx(998.207, abs=0.02)
    assert water.density(353.15) == pytest.approx(971.79, abs=0.05)
    assert water.vapour_pressure(293.15) == pytest.approx(2339.3, rel=2e-3)
    assert water.vapour_pressure(353.15) == pytest.approx(47_415, rel=3e-3)


def test_pump_power_at_best_point_and_shut_off():
    rho = 998.207
    assert PUMP.shaft_power(80 / 3600, PUMP.speed_rad_s, rho) == pytest.approx(9159.36, rel=2e-5)
    assert PUMP.shaft_power(0.0, PUMP.speed_rad_s, rho) == pytest.approx(5724.60, rel=2e-5)


def test_the_operating_point_on_a_system_with_lift():
    # H = 10 + 44550 Q² meets the pump at 0.8 speed in 57.6888 m³/h, 21.440 m.
    n = 0.8 * PUMP.speed_rad_s
    low, high = 0.0, 0.03
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if PUMP.head(middle, n) > 10 + 44550 * middle**2 else (low, middle)
    assert low * 3600 == pytest.approx(57.6888, abs=1e-3)
    assert PUMP.head(low, n) == pytest.approx(21.440, abs=1e-3)
    assert PUMP.flow(21.440, n) * 3600 == pytest.approx(57.69, abs=0.01)


def test_three_percent_of_head_are_lost_at_the_required_npsh():
    model = SkidModel(load_rig("pump_skid").twin_view())
    flow, speed = 80 / 3600, PUMP.speed_rad_s
    needed = PUMP.npsh_required(flow, speed)
    head = needed - (flow / (0.25 * math.pi * 0.125**2)) ** 2 / (2 * water.GRAVITY)
    p_s = water.vapour_pressure(293.15) - water.ATMOSPHERE_PA + head * water.density(293.15) * water.GRAVITY
    assert model.cavitation_margin(flow, speed, p_s, 293.15) == pytest.approx(1.0, abs=1e-9)
    assert model._choke(flow, speed, p_s, 293.15) == pytest.approx(0.97, abs=1e-9)


def test_the_motor_at_the_reference_point_of_the_skid():
    # slip 0.01478919 at 50 Hz: 10 334.32 W, 18.8794 A, copper 229.578 + 149.441 W
    point, _ = MOTOR.at_slip(50.0, 0.01478919, 293.15)
    assert point.electrical_w == pytest.approx(10_334.32, rel=1e-5)
    assert point.current_a == pytest.approx(18.8794, rel=1e-5)
    assert point.stator_copper_w == pytest.approx(229.578, rel=1e-4)
    assert point.rotor_copper_w == pytest.approx(149.441, rel=1e-4)


def test_the_motor_finds_the_slip_for_a_torque():
    wanted, torque = MOTOR.at_slip(40.0, 0.012, 330.0)
    speed = 2 * math.pi * 40.0 / 2 * (1 - 0.012)
    found = MOTOR.at_speed(speed, torque, 330.0)
    assert found.slip == pytest.approx(wanted.slip, rel=1e-4)
    assert found.frequency_hz == pytest.approx(40.0, rel=1e-6)


def test_thermal_constants_give_the_time_constants_and_rises_of_the_reference_motor():
    c = thermal.ThermalConstants.for_power(15_000.0)
    g, cooling = c.winding_frame_w_k, c.frame_air(1.0)
    a, d = g / c.winding_j_k, (g + cooling) / c.frame_j_k
    root = math.sqrt((a - d) ** 2 / 4 + g * g / (c.winding_j_k * c.frame_j_k))
    assert 1 / ((a + d) / 2 + root) == pytest.approx(195.66, abs=0.01)
    assert 1 / ((a + d) / 2 - root) == pytest.approx(2044.34, abs=0.05)
    winding_w, frame_w = 229.578 + 0.5 * 149.441, 0.5 * 149.441 + 228.503
    assert (winding_w + frame_w) / cooling == pytest.approx(33.75, abs=0.01)
    assert winding_w / g + (winding_w + frame_w) / cooling == pytest.approx(45.92, abs=0.01)
    assert c.frame_air(0.0) == pytest.approx(0.4 * cooling)


def test_a_rig_names_its_roles_and_relations():
    rig = load_rig("pump_skid").twin_view()
    roles = roles_of(rig)
    model = SkidModel(rig)
    assert roles["p_d"] == "pump1.discharge_pressure"
    assert set(model.names(roles)) >= {"pump_curve", "power", "system", "suction", "speed", "inventory"}
    del roles["p_s"]
    assert "pump_curve" not in model.names(roles)
    assert "system" in model.names(roles)


def test_wear_lowers_head_and_power_and_leaves_the_system_alone():
    rig = load_rig("pump_skid").twin_view()
    model = SkidModel(rig)
    names = ("pump_curve", "power", "system", "suction")
    v = {"flow": 0.02, "speed": 150.0, "p_d": 3.3e5, "p_s": 8e3, "power": 9e3, "position": 0.8, "level": 1.5}
    healthy = model.residuals(v, names)
    worn = model.residuals(v, names, Deviation(wear=0.5))
    change = [a - b for a, b in zip(healthy, worn, strict=True)]
    assert change[0] < -1.0
    assert change[1] < -100.0
    assert change[2:] == [0.0, 0.0]


def test_a_missing_value_makes_its_relations_unknown_and_no_others():
    model = SkidModel(load_rig("pump_skid").twin_view())
    names = ("pump_curve", "power", "system", "suction", "valve")
    v = {
        "flow": 0.02,
        "speed": 150.0,
        "p_d": 3.3e5,
        "power": 9e3,
        "position": 0.8,
        "output": 0.8,
        "level": 1.5,
    }
    r = dict(zip(names, model.residuals(v, names), strict=True))
    assert math.isnan(r["pump_curve"])
    assert math.isnan(r["suction"])
    assert not math.isnan(r["power"])
    assert r["valve"] == 0.0
