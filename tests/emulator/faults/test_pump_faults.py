"""What the faults of a pump do to its loop: what moves, what stays, and that severity 0 is no fault at all."""

import math

import numpy as np
import pytest

from emulator.faults.pump_air_ingress import PumpAirIngress
from emulator.faults.pump_hot_liquid import PumpHotLiquid
from emulator.faults.pump_recirculation import PumpRecirculation
from emulator.faults.pump_reversed import PumpReversed
from emulator.faults.pump_seal_leak import PumpSealLeak
from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.circuit import Circuit
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.tank import Tank, TankParameters
from emulator.streams import Streams

P = CentrifugalPumpParameters()
N0 = P.speed_rad_s
ALL = [PumpAirIngress, PumpHotLiquid, PumpRecirculation, PumpSealLeak, PumpReversed]


def skid(fault=None, severity=0.0, seed=1):
    tank = Tank(TankParameters())
    suction, discharge = Pipe(PipeParameters(4.0, 0.125, 1200.0)), Pipe(PipeParameters(60.0, 0.1, 43350.0, 10.0))
    circuit = Circuit(tank, (suction,), (discharge,), tank)
    pump = CentrifugalPump(P, Streams(seed), "pump1")
    if fault is not None:
        fault({}).apply(pump, severity, 0)
    pump.steady(circuit, N0)
    pump.settle_casing(circuit)
    return pump, circuit


def turn(pump, circuit, ticks, speed=N0):
    rows = []
    for _ in range(ticks):
        for _half in range(2):
            pump.advance_flow(circuit, speed, 0.005)
        pump.account(circuit, speed)
        circuit.advance(pump.flow_m3_s, 0.01)
        rows.append((
            pump.flow_m3_s, pump.head_m, pump.shaft_power_w, pump.casing_k, pump.random_force_n,
            circuit.source.level_m, pump.suction_pressure_pa(circuit),
        ))  # fmt: skip
    return np.array(rows)


@pytest.mark.parametrize("fault", ALL)
def test_severity_0_is_bit_equal_to_no_fault_even_after_one(fault):
    pump, circuit = skid()
    fault({}).apply(pump, 0.7, 0)
    fault({}).apply(pump, 0.0, 0)
    assert np.array_equal(turn(pump, circuit, 30), turn(*skid(), 30))


@pytest.mark.parametrize("fault", ALL)
def test_saved_in_the_middle_it_goes_on_bit_for_bit(fault):
    pump, circuit = skid(fault, 0.6)
    turn(pump, circuit, 20)
    saved, level = pump.save(), circuit.source.save()
    rest = turn(pump, circuit, 30)
    other, loop = skid()
    other.restore(saved)
    loop.source.restore(level)
    assert np.array_equal(rest, turn(other, loop, 30))


@pytest.mark.parametrize("fault", ALL)
def test_a_parameter_it_does_not_have_is_refused(fault):
    with pytest.raises(ValueError, match="has no parameter 'depth'"):
        fault({"depth": 1.0})


def steady_gas(fraction):
    pump, circuit = skid()
    pump.condition.gas_fraction = fraction
    pump.steady(circuit, N0)
    return pump, circuit


@pytest.mark.parametrize("gas", [0.02, 0.1])
def test_gas_takes_six_times_its_share_of_the_head(gas):
    pump, circuit = steady_gas(gas)
    sound = CentrifugalPump(P)
    head = sound.head_at(circuit, pump.flow_m3_s, N0)
    assert pump.head_m == pytest.approx(head * (1.0 - 6.0 * gas), rel=1e-4)  # φ is 1 but for 1e-5
    watts = pump.hydraulic_power_w / (998.207 * 9.80665 * pump.flow_m3_s * pump.head_m)
    assert watts == pytest.approx(1.0 - gas, rel=1e-12)


def test_gas_makes_the_flow_surge_and_the_rotor_shake_slowly():
    flow = {s: turn(*skid(PumpAirIngress, s), 1500)[:, 0] for s in (0.3, 0.8)}
    rough = {s: float(np.std(f[300:]) / np.mean(f[300:])) for s, f in flow.items()}
    assert 0.005 < rough[0.3] < rough[0.8]
    # 0.8·10 % of gas on the loop: H = (1 - 0.48)(40 - a2 Q²) = 10 + 44550 Q² -> 53 m³/h
    assert np.mean(flow[0.8][300:]) * 3600 == pytest.approx(52.4, abs=2.5)


def test_the_random_force_lies_between_a_fifth_and_four_fifths_of_the_turning_frequency():
    force = turn(*skid(PumpRecirculation, 0.9), 4000)[500:, 4]
    spectrum = np.abs(np.fft.rfft(force * np.hanning(force.size))) ** 2
    hz = np.fft.rfftfreq(force.size, 0.01)
    turning = N0 / (2.0 * math.pi)
    inside = (hz > 0.2 * turning) & (hz < 0.8 * turning)
    assert spectrum[inside].sum() > 0.7 * spectrum.sum()
    assert np.std(force) == pytest.approx(53.7, rel=0.1)
    assert np.all(turn(*skid(), 50)[:, 4] == 0.0)  # at the best flow there is none


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_force_has_the_level_it_was_asked_for(seed):
    noise = CentrifugalPump(P, Streams(seed), "p").unsteadiness
    drawn = []
    for _ in range(6000):
        noise.advance(10.0, 24.0, False, 0.01)
        drawn.append(noise.force_n)
    # correlated over ~7 ticks: 6000 draws are some 1700 independent ones, 3 standard errors are 5 %
    assert np.std(drawn) == pytest.approx(10.0, rel=0.05)
    assert abs(np.mean(drawn)) < 0.5


def test_recirculation_keeps_the_pump_curve_and_heats_the_casing_at_shut_off():
    flows = [skid(PumpRecirculation, s)[0].flow_m3_s for s in (0.0, 0.3, 0.6, 0.9, 1.0)]
    assert flows == sorted(flows, reverse=True)
    pump, circuit = skid(PumpRecirculation, 1.0)
    assert pump.head_m == pytest.approx(40.0 - P.curve_a2 * pump.flow_m3_s**2, rel=1e-6)
    circuit.resistance_override = 1e15
    pump.condition.throttle_s2_m5 = 0.0
    rows = turn(pump, circuit, 100)
    # all of the 5.7 kW stays in 60 kJ/K, less 5 W/K to the air
    rise = 5724.6 / 60e3 - 5.0 * (rows[0, 3] - 293.15) / 60e3
    assert rows[-1, 3] - rows[0, 3] == pytest.approx(rise * 0.99, rel=0.02)


def test_a_pump_left_at_shut_off_boils_and_counts_the_steam():
    pump, circuit = skid()
    circuit.resistance_override = 1e15
    pump.casing_k = 440.0
    turn(pump, circuit, 200)
    boiling = 273.15 + 151.9  # at 5 bar absolute
    assert pump.casing_k == pytest.approx(boiling, abs=1.0)
    stored = (440.0 - pump.casing_k) * P.casing_heat_j_k
    air = 5.0 * (pump.casing_k - 293.15) * 2.0
    assert pump.boiled_j == pytest.approx(stored + 5724.6 * 2.0 - air, rel=1e-3)


@pytest.mark.parametrize(("severity", "npsh"), [(40 / 70, 9.94), (60 / 70, 7.16), (1.0, 4.79)])
def test_hot_liquid_leaves_the_published_npsh(severity, npsh):
    pump, circuit = skid()
    PumpHotLiquid({}).apply(pump, severity, 0)
    pump.steady(circuit, 0.0)
    assert pump.npsh_available_m == pytest.approx(npsh, abs=0.005)
    assert circuit.fluid_k == pytest.approx(293.15 + 70.0 * severity)
    PumpHotLiquid({}).apply(pump, 0.0, 0)
    pump.steady(circuit, 0.0)
    assert circuit.fluid_k == 293.15


def test_hot_liquid_hardly_moves_head_and_flow():
    (cold, _), (hot, _) = skid(), skid(PumpHotLiquid, 1.0)
    assert hot.flow_m3_s == pytest.approx(cold.flow_m3_s, rel=0.01)
    assert hot.sigma < 0.5 * cold.sigma
    assert hot.shaft_power_w / cold.shaft_power_w == pytest.approx(965.31 / 998.207, rel=0.01)


@pytest.mark.parametrize("severity", [0.2, 1.0])
def test_a_leaking_seal_empties_the_tank_and_its_pot_and_nothing_else(severity):
    (pump, circuit), (sound, loop) = skid(PumpSealLeak, severity), skid()
    rows, healthy = turn(pump, circuit, 500), turn(sound, loop, 500)
    bore = 0.005 * severity
    chamber = 0.7 * pump.suction_pressure_pa(circuit) + 0.3 * pump.discharge_pressure_pa(circuit)
    leak = 0.61 * math.pi / 4 * bore**2 * math.sqrt(2.0 * chamber / 998.207)
    assert pump.seal.flow_m3_s == pytest.approx(leak, rel=1e-3)
    lost = (healthy[-1, 5] - rows[-1, 5]) * 1.0
    assert lost == pytest.approx(pump.seal.drained_m3, abs=1e-12)  # the mass residual is the leak
    pot = pump.parameters.seal_pot_level_m
    fall = 0.61 * 0.01 * math.pi / 4 * bore**2 / 0.02 * math.sqrt(9.80665 / 2.0) * 5.0
    assert pump.seal.pot_level_m == pytest.approx((math.sqrt(pot) - fall) ** 2, rel=1e-12)
    assert rows[-1, 0] == pytest.approx(healthy[-1, 0], rel=1e-3)
    assert sound.seal.pot_level_m == pot


def test_backwards_it_gives_little_water_for_much_power():
    pump, _ = skid(PumpReversed, 1.0)
    flow = math.sqrt((24.0 - 10.0) / (44550.0 + P.curve_a2))
    assert pump.flow_m3_s == pytest.approx(flow, rel=1e-5)
    head = 24.0 - P.curve_a2 * flow**2
    watts = 998.207 * 9.80665 * P.flow_m3_s * head / (0.38 * (2.0 - flow / P.flow_m3_s))
    assert pump.shaft_power_w == pytest.approx(watts, rel=1e-5)
    assert pump.torque_nm > 0.0  # it still brakes the shaft that turns it
    # phases right, shaft turned backwards: the same impeller in the other frame
    other, loop = skid()
    other.steady(loop, -N0)
    assert other.shaft_power_w == pytest.approx(pump.shaft_power_w, rel=1e-14)
    assert other.torque_nm == pytest.approx(-pump.torque_nm, rel=1e-14)


def test_erosion_follows_the_collapses():
    pump, circuit = skid()
    assert pump.erosion_rate == 0.0
    rates = []
    for resistance in (3500.0, 9000.0, 14000.0):
        circuit.suction[0].condition.added_resistance_s2_m5 = resistance
        pump.steady(circuit, N0)
        rates.append((pump.sigma, pump.erosion_rate))
    assert [s for s, _ in rates] == sorted((s for s, _ in rates), reverse=True)
    assert 0.0 <= rates[0][1] < rates[1][1] <= rates[2][1] <= 1.0


@pytest.mark.parametrize(
    ("name", "value"), [("efficiency", 1.2), ("flow_m3_s", 0.0), ("shutoff_head_m", 20.0), ("seal_pot_level_m", 2.0)]
)
def test_a_pump_that_cannot_be_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} = "):
        CentrifugalPump(CentrifugalPumpParameters(**{name: value}))
