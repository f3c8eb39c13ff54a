import math

import pytest
from scipy.optimize import brentq

from emulator.physics.induction_circuit import M2K2, M15, InductionCircuit
from tests.oracles.skid import machine

W = 2.0 * math.pi * 50.0
PHASE = 400.0 / math.sqrt(3.0)
ROOT = math.sqrt(1.0 - 0.0667)
MSL = InductionCircuit(2, 0.03, 0.04, 3.0 / W, 3.0 / W, 3.0 * ROOT / W)


def at_torque(circuit, voltage, torque):
    top, _ = circuit.breakdown(voltage, 50.0)
    slip = brentq(lambda s: circuit.solve(voltage, 50.0, s).torque_nm - torque, 0.0, top, xtol=1e-15)
    return circuit.solve(voltage, 50.0, slip)


def test_the_msl_machine_at_its_published_load():
    point = at_torque(MSL, 100.0, 161.4)
    shaft = point.torque_nm * point.speed_rad_s
    assert point.speed_rad_s * 30 / math.pi == pytest.approx(1440.456, abs=5e-4)
    assert point.current_a == pytest.approx(99.999, abs=5e-4)
    assert point.power_in_w == pytest.approx(26252.6, abs=5e-2)
    assert shaft == pytest.approx(24346.2, abs=6e-2)
    assert shaft / point.power_in_w == pytest.approx(0.92738, abs=5e-6)
    assert point.power_factor == pytest.approx(0.87509, abs=5e-6)


def test_the_small_machine_at_its_published_load_and_breakdown():
    point = at_torque(M2K2, PHASE, 14.6)
    assert point.slip == pytest.approx(0.0411128, abs=5e-8)
    assert point.current_a == pytest.approx(4.78028, abs=5e-6)
    assert point.power_in_w == pytest.approx(2547.01, abs=5e-3)
    slip, torque = M2K2.breakdown(PHASE, 50.0)
    assert torque == pytest.approx(42.50, abs=5e-3)
    assert slip == pytest.approx(0.304, abs=5e-4)


@pytest.mark.parametrize("slip", [-0.05, 0.0, 1e-9, 0.0148, 0.3, 1.0, 2.0])
def test_the_circuit_solves_the_flux_equations(slip):
    point = M15.solve(PHASE, 50.0, slip)
    i_s, i_r, torque = machine(PHASE, 50.0, 2, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3, slip)
    assert abs(point.stator_a - i_s) < 1e-9 * abs(i_s)
    assert abs(point.rotor_a - i_r) < 1e-9 * abs(i_s)
    assert point.torque_nm == pytest.approx(torque, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("core", [0.0, 0.004])
def test_what_goes_in_comes_out(core):
    circuit = InductionCircuit(2, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3, core)
    point = circuit.solve(PHASE, 50.0, 0.02)
    out = point.torque_nm * point.speed_rad_s + point.stator_copper_w + point.rotor_copper_w + point.core_w
    assert out == pytest.approx(point.power_in_w, rel=1e-12)
    assert (point.core_w > 0.0) == (core > 0.0)
