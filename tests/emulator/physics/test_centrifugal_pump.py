import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.circuit import Circuit
from emulator.physics.kernels import hydraulics as k
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.tank import Tank, TankParameters
from tests.oracles.skid import operating_point

P = CentrifugalPumpParameters()
N0 = P.speed_rad_s
GRAVITY = 9.80665


def skid(resistance=44550.0, level=1.5, fluid_k=293.15):
    tank = Tank(TankParameters(datum_level_m=level))
    suction = Pipe(PipeParameters(4.0, 0.125, 1200.0))
    discharge = Pipe(PipeParameters(60.0, 0.1, 20000.0, 10.0))
    circuit = Circuit(tank, (suction,), (discharge,), tank, fluid_k=fluid_k, resistance_override=resistance)
    return CentrifugalPump(P), circuit


def run(n_r, wear=0.0, resistance=44550.0):
    pump, circuit = skid(resistance)
    pump.condition.head_gain = 1.0 - 0.15 * wear
    pump.condition.leak_m3_s = 0.12 * wear * P.flow_m3_s
    pump.steady(circuit, n_r * N0)
    return pump


@pytest.mark.parametrize(
    ("n_r", "flow", "head", "power"), [(1.0, 80.0, 32.0, 9159.36), (0.8, 57.6888, 21.440, 4468.74)]
)
def test_the_operating_point_is_where_curve_and_system_meet(n_r, flow, head, power):
    pump = run(n_r)
    assert pump.flow_m3_s * 3600 == pytest.approx(flow, abs=5e-5)
    assert pump.head_m == pytest.approx(head, abs=5e-4)
    assert pump.shaft_power_w == pytest.approx(power, abs=5e-3)


@pytest.mark.parametrize(
    ("wear", "flow", "head", "power"), [(0.5, 74.646, 29.154, 8264.9), (1.0, 69.124, 26.425, 7365.4)]
)
def test_wear_moves_the_operating_point_as_published(wear, flow, head, power):
    pump = run(1.0, wear)
    assert pump.flow_m3_s * 3600 == pytest.approx(flow, abs=5e-4)
    assert pump.head_m == pytest.approx(head, abs=5e-4)
    assert pump.shaft_power_w == pytest.approx(power, abs=5e-2)


@given(n_r=st.floats(0.55, 1.1), wear=st.floats(0.0, 1.0))
def test_flow_head_and_power_agree_with_the_book(n_r, wear):
    pump, (flow, head, power) = run(n_r, wear), operating_point(n_r, wear=wear)
    # The book's pump never cavitates; here φ differs from 1 by 0.03 σ^-8 only.
    assert pump.flow_m3_s * 3600 == pytest.approx(flow, rel=2e-6)
    assert pump.head_m == pytest.approx(head, rel=2e-6)
    assert pump.shaft_power_w == pytest.approx(power, rel=2e-6)


@given(n_r=st.floats(0.2, 1.2), x=st.floats(0.0, 1.5))
def test_homologous_points_keep_h_over_n2_and_p_over_n3(n_r, x):
    pump, circuit = skid()
    pump.steady(circuit, N0)
    pressurised = 1e6  # NPSH without bound: the affinity laws know no cavitation

    def at(speed, flow):
        pump._fill(circuit, False)
        pump._circuit[k.N_SUCTION_NET] = pressurised
        head = k.head_of(flow, speed, pump._pump, pump._circuit)[0]
        return head, k.shaft_torque(flow, speed, pump._pump, pump._circuit) * speed

    h1, p1 = at(N0, x * P.flow_m3_s)
    h2, p2 = at(n_r * N0, n_r * x * P.flow_m3_s)
    assert h2 / n_r**2 == pytest.approx(h1, rel=1e-9, abs=1e-9)
    assert p2 / n_r**3 == pytest.approx(p1, rel=1e-9, abs=1e-6)


def test_shut_off_power_is_finite():
    pump, circuit = skid(resistance=1e15)
    pump.steady(circuit, N0)
    assert pump.flow_m3_s == pytest.approx(0.0, abs=1e-6)
    assert pump.shaft_power_w == pytest.approx(5724.60, abs=5e-2)


def test_the_head_drops_by_three_percent_at_sigma_one():
    assert k.cavitation_factor(1.0) == pytest.approx(0.97, rel=1e-15)
    assert k.cavitation_factor(0.1) == 0.2
    assert k.cavitation_factor(0.0) == 0.2


@given(n_r=st.floats(0.0, 1.2), wear=st.floats(0.0, 1.0))
def test_hydraulic_power_and_losses_make_the_shaft_power(n_r, wear):
    pump = run(n_r, wear)
    loss = pump.shaft_power_w - pump.hydraulic_power_w
    assert loss >= 0.0
    if pump.flow_m3_s > 0 and wear == 0.0:
        x = pump.flow_ratio
        by_efficiency = pump.hydraulic_power_w * (1.0 / (P.efficiency * (2 * x - x * x)) - 1.0)
        assert loss == pytest.approx(by_efficiency, rel=1e-9)


@pytest.mark.parametrize("n_r", [0.0, 0.1, 0.3, 0.499])
def test_the_check_valve_shuts_below_the_static_head(n_r):
    pump = run(n_r)
    assert pump.flow_m3_s == 0.0
    assert all(math.isfinite(v) for v in pump.out)
    assert pump.head_m == pytest.approx(40.0 * n_r**2, abs=1e-12)


@given(
    omega=st.floats(-200.0, 200.0),
    flow=st.floats(0.0, 0.06),
    level=st.floats(0.0, 2.5),
    resistance=st.floats(1e3, 1e12),
    fluid=st.floats(274.0, 372.0),
    wear=st.floats(0.0, 1.0),
)
@example(omega=9.3e-155, flow=0.0, level=0.0, resistance=1000.0, fluid=274.0, wear=0.0)  # a quotient beyond any number
def test_no_input_in_range_gives_anything_but_finite_numbers(omega, flow, level, resistance, fluid, wear):
    pump, circuit = skid(resistance, level, fluid)
    pump.flow_m3_s = flow
    pump.condition.leak_m3_s = 0.12 * wear * P.flow_m3_s
    pump.advance_flow(circuit, omega, 0.01)
    pump.account(circuit, omega)
    values = [*pump.out, pump.casing_k, pump.vane_force_n, pump.radial_load_n]
    assert all(math.isfinite(v) for v in values)
    assert math.isfinite(pump.suction_pressure_pa(circuit))
    assert math.isfinite(pump.discharge_pressure_pa(circuit))
    assert pump.flow_m3_s >= 0.0


@pytest.mark.parametrize(("celsius", "npsh"), [(20, 11.61), (60, 9.94), (80, 7.16), (90, 4.79)])
def test_hot_water_leaves_less_npsh(celsius, npsh):
    pump, circuit = skid(level=1.5, fluid_k=273.15 + celsius)
    pump.steady(circuit, 0.0)
    assert pump.npsh_available_m == pytest.approx(npsh, abs=0.005)


def test_an_empty_tank_robs_the_pump_of_its_head():
    pump, circuit = skid()
    pump.steady(circuit, N0)
    full = pump.head_m
    circuit.source.level_m = 0.0
    pump.steady(circuit, N0)
    assert pump.head_m < 0.5 * full


def test_the_flow_settles_where_the_steady_solution_is():
    pump, circuit = skid()
    for _ in range(1000):
        pump.advance_flow(circuit, N0, 0.01)
    assert pump.flow_m3_s == pytest.approx(run(1.0).flow_m3_s, rel=1e-12)


def test_the_water_takes_up_the_losses():
    pump, circuit = skid()
    pump.steady(circuit, N0)
    pump.settle_casing(circuit)
    rise = GRAVITY * pump.head_m * (1.0 / pump.efficiency - 1.0) / 4184.0  # dT = g H (1/η - 1)/c_p
    assert pump.casing_k - 293.15 == pytest.approx(rise, rel=1e-4)


def test_discharge_and_suction_pressure_differ_by_the_head():
    pump, circuit = skid()
    pump.steady(circuit, N0)
    v_s = pump.flow_m3_s / circuit.suction_area_m2
    v_d = pump.flow_m3_s / circuit.discharge_area_m2
    rise = pump.discharge_pressure_pa(circuit) - pump.suction_pressure_pa(circuit)
    rho = circuit.density_kg_m3
    assert rise / (rho * GRAVITY) + (v_d**2 - v_s**2) / (2 * GRAVITY) == pytest.approx(pump.head_m, rel=1e-12)
