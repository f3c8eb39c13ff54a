import math

import numpy as np
import pytest
from scipy.optimize import brentq

from emulator.physics.induction_circuit import M15
from emulator.physics.induction_motor import (
    InductionMotor,
    InductionMotorParameters,
    Load,
    Supply,
    steady_rises,
)
from tests.oracles.skid import direct_start

W = 2.0 * math.pi * 50.0
PHASE = 400.0 / math.sqrt(3.0)
PEAK = PHASE * math.sqrt(2.0)
MAINS = Supply(True, PEAK, 0.0, W, 0.0)
OPEN = Supply(False, 0.0, 0.0, W, 0.0)
PAR = (2, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3)


def m15(load_inertia=0.1, **parameters):
    return InductionMotor(InductionMotorParameters(**({"temperature_feedback": False} | parameters)), load_inertia)


def shaft_load(torque):
    slip = brentq(
        lambda s: M15.solve(PHASE, 50.0, s).torque_nm
        - 0.009541 * M15.solve(PHASE, 50.0, s).speed_rad_s
        - torque,
        0.0, 0.1, xtol=1e-15,
    )  # fmt: skip
    return M15.solve(PHASE, 50.0, slip)


def balance(motor, before):
    after = motor.energy()
    d = {name: after[name] - before[name] for name in after}
    used = ("shaft_out", "stator_copper", "rotor_copper", "friction", "core", "arc", "magnetic", "kinetic")
    return d["electrical_in"] - sum(d[name] for name in used), d


def linear(motor, slope=0.4):
    return Load(slope * motor.speed_rad_s, slope, motor.speed_rad_s)


@pytest.mark.parametrize("core", [0.0, 0.004])
def test_the_steady_state_of_the_fluxes_is_the_circuit(core):
    motor = m15(core_conductance_s=core)
    circuit = motor.circuit()
    point = circuit.solve(PHASE, 50.0, 0.0148)
    load = Load(point.torque_nm - 0.009541 * point.speed_rad_s, 0.0, 0.0)
    motor.settle(point, PHASE, 50.0)
    for _ in range(100):
        motor.advance(MAINS, load)
    assert motor.speed_rad_s == pytest.approx(point.speed_rad_s, rel=1e-12)
    assert motor.current_square / 2 == pytest.approx(abs(point.terminal_a) ** 2, rel=1e-10)
    assert motor.torque_nm == pytest.approx(point.torque_nm, rel=1e-10)
    assert motor.reactive_var == pytest.approx(point.reactive_var, rel=1e-10)


@pytest.mark.slow_without_jit
def test_a_direct_start_follows_an_independent_integration():
    times = np.arange(0.0, 0.8001, 0.01)
    expected = direct_start(PAR, 0.202, 0.009541, 0.4, 0.8, times)
    motor, speed = m15(), [0.0]
    for _ in range(80):
        motor.advance(MAINS, linear(motor))
        speed.append(motor.speed_rad_s)
    assert np.max(np.abs(np.array(speed) - expected)) < 1e-6 * W


@pytest.mark.slow_without_jit
def test_energy_is_conserved_over_starts_and_stops():
    motor = m15()
    before = motor.energy()
    for n in range(900):
        motor.advance(MAINS if n % 300 < 150 else OPEN, linear(motor))
    residual, d = balance(motor, before)
    assert abs(residual) < 1e-6 * d["electrical_in"]
    heat = d["stator_copper"] + d["rotor_copper"] + d["friction"] + d["core"]
    assert d["winding_heat"] + d["frame_heat"] + d["to_air"] == pytest.approx(heat, rel=1e-9)


@pytest.mark.slow_without_jit
def test_halving_the_step_divides_the_error_by_sixteen():
    def end(substeps):
        motor = m15(substeps=substeps)
        for _ in range(15):
            motor.advance(MAINS, linear(motor))
        return motor.speed_rad_s

    finest = end(1600)
    errors = [abs(end(n) - finest) for n in (25, 50, 100)]
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(16.0, rel=0.25)
    assert abs(end(200) - finest) < 1e-6 * finest


def test_thermal_time_constants_are_those_of_the_two_masses():
    cw, cf, gwf, gfa = 6000.0, 30000.0, 25.0, 18.0
    rates = np.linalg.eigvals(np.array([[-gwf / cw, gwf / cw], [gwf / cf, -(gwf + gfa) / cf]]))
    assert sorted(-1.0 / rates.real) == pytest.approx([195.66, 2044.34], abs=5e-3)


@pytest.mark.slow_without_jit
def test_the_winding_follows_the_two_mass_solution():
    motor = m15()
    point = shaft_load(98.1)
    motor.settle(point, PHASE, 50.0)
    load = Load(98.1, 0.0, 0.0)
    for _ in range(2000):
        motor.advance(MAINS, load)
    a = np.array([[-25 / 6000, 25 / 6000], [25 / 30000, -(25 + 18) / 30000]])
    friction = 0.009541 * point.speed_rad_s**2
    b = np.array(
        [
            (point.stator_copper_w + 0.5 * point.rotor_copper_w) / 6000,
            (0.5 * point.rotor_copper_w + friction) / 30000,
        ]
    )
    values, vectors = np.linalg.eig(a)
    final = -np.linalg.solve(a, b)
    rise = final - vectors @ (np.exp(values * 20.0) * np.linalg.solve(vectors, final))
    assert motor.winding_k - 293.15 == pytest.approx(rise[0], rel=1e-5)
    assert motor.frame_k - 293.15 == pytest.approx(rise[1], rel=1e-5)


def test_the_rise_at_rated_torque_is_as_published():
    point = shaft_load(98.1)
    assert point.slip == pytest.approx(0.0233109, abs=5e-8)
    # The published 82.68 and 57.62 K take the friction of the coupled skid (228.503 W, 1477.8 rpm), not that
    # of
    # this slip (224.56 W); with it they are met, with the consistent one the rises are 0.22 K lower.
    published = steady_rises(point.stator_copper_w, point.rotor_copper_w, 228.503, 0.0, 25.0, 18.0)
    assert published == pytest.approx((82.68, 57.62), abs=6e-3)
    assert m15().steady_rises(point) == pytest.approx((82.46, 57.40), abs=6e-3)


def test_a_blocked_fan_doubles_the_rise_at_the_skid_load():
    assert steady_rises(229.578, 149.441, 228.503, 0.0, 25.0, 18.0) == pytest.approx((45.92, 33.75), abs=6e-3)
    motor = m15()
    motor.condition.fan_blockage = 1.0
    cooling = motor.cooling_w_k(1477.8 * math.pi / 30)
    assert cooling == pytest.approx(7.2)
    assert steady_rises(229.578, 149.441, 228.503, 0.0, 25.0, cooling)[0] == pytest.approx(96.5, abs=0.06)


def test_a_standing_motor_is_cooled_less():
    assert m15().cooling_w_k(0.0) == pytest.approx(0.4 * 18.0)


def test_heat_raises_the_resistance_by_the_coefficient_of_copper():
    motor = m15(temperature_feedback=True)
    assert motor.circuit(393.15).stator_resistance_ohm == pytest.approx(0.2147 * 1.393)
    assert motor.circuit(393.15).rotor_resistance_ohm == pytest.approx(0.2205 * 1.403)


@pytest.mark.slow_without_jit
def test_a_healthy_machine_has_no_line_at_twice_slip_frequency():
    motor = m15()
    point = shaft_load(61.0)
    motor.settle(point, PHASE, 50.0)
    torque = []
    for _ in range(800):
        motor.advance(MAINS, Load(61.0, 0.0, 0.0))
        torque.append(motor.torque_nm)
    spectrum = np.abs(np.fft.rfft((np.array(torque) - np.mean(torque)) * np.hanning(800))) / 200
    # 2 s f_1 would be 1.4 Hz; -120 dB of the torque
    assert np.max(spectrum) < 1e-6 * np.mean(torque)


def test_a_machine_left_alone_comes_to_rest():
    motor = m15(0.0, friction_nms=0.05)
    motor.state[4] = 5.0
    for _ in range(1000):
        motor.advance(OPEN, Load(0.0, 0.0, 0.0))
    assert motor.speed_rad_s == 0.0
    assert motor.torque_nm == 0.0
