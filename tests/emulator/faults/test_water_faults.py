"""Faults of pipes, tanks and check valves: what they do to a network, and what they leave alone."""

import math

import numpy as np
import pytest

from emulator.faults.check_valve_stuck_open import CheckValveStuckOpen
from emulator.faults.pipe_air_pocket import PipeAirPocket
from emulator.faults.pipe_blockage import PipeBlockage
from emulator.faults.pipe_leak import PipeLeak
from emulator.faults.pipe_upstream_disturbance import PipeUpstreamDisturbance
from emulator.faults.tank_foam import TankFoam
from emulator.faults.tank_level_tap_plugged import TankLevelTapPlugged
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.tank import Tank, TankParameters
from tests.emulator.physics.test_water_network import N0, colebrook_loss, heads, lift_station, ring

FAULTS = [
    (PipeLeak, "ring2"), (PipeLeak, "n2"), (PipeBlockage, "ring2"), (PipeAirPocket, "ring2"), (PipeAirPocket, "n5"),
    (CheckValveStuckOpen, "check1"), (TankFoam, "tank1"), (TankLevelTapPlugged, "tank2"),
    (PipeUpstreamDisturbance, "rise1"),
]  # fmt: skip


def run(net, ticks=12):
    rows = []
    for i in range(ticks):
        net.speeds[0] = N0 * (1.0 - 0.05 * i)
        net.tick(0)
        rows.append([*net.q, *net.h, *net.v])
    return np.array(rows), net.asset_signals()


@pytest.mark.parametrize(("fault", "on"), FAULTS)
def test_severity_0_is_bit_equal_to_no_fault_even_after_one(fault, on):
    (net, assets), (sound, _) = ring(), ring()
    fault({}).apply(assets[on], 0.7, 0)
    fault({}).apply(assets[on], 0.0, 0)
    net.settle()
    sound.settle()
    (rows, signals), (expected, healthy) = run(net), run(sound)
    assert np.array_equal(rows, expected)
    assert signals == healthy


@pytest.mark.parametrize(("fault", "on"), FAULTS)
def test_a_parameter_it_does_not_have_is_refused(fault, on):
    with pytest.raises(ValueError, match="has no parameter 'depth'"):
        fault({"depth": 1.0})


def steady(fault=None, on="", severity=0.0):
    net, assets = ring()
    if fault is not None:
        fault({}).apply(assets[on], severity, 0)
    net.settle()
    return net, assets


def test_a_leak_breaks_the_balance_by_the_orifice_equation_and_kinks_the_gradient():
    lost = []
    for severity in (0.25, 0.5, 1.0):
        net, _ = steady(PipeLeak, "n2", severity)
        pressure = net.pressure_pa("n2")
        residual = net.flow_m3_s("ring1") - net.flow_m3_s("ring2") - 0.002
        expected = 0.75 * math.pi / 4 * (0.01 * severity) ** 2 * math.sqrt(2.0 * pressure / 998.207)
        assert residual == pytest.approx(expected, rel=1e-6)
        assert net.imbalance_m3_s() <= 1e-9
        lost.append(residual)
    assert lost == sorted(lost)
    slopes = [heads(net, f"ring{i}")[0] - heads(net, f"ring{i}")[1] for i in (1, 2)]
    assert slopes == pytest.approx([colebrook_loss(net.flow_m3_s(f"ring{i}")) for i in (1, 2)], abs=1e-6)
    before = float(net.v.sum())
    for _ in range(100):
        net.tick(0)
    assert before - float(net.v.sum()) == pytest.approx(float(net.passed[0] + net.passed[1]), rel=1e-9)


def test_a_blocked_pipe_sends_the_water_the_other_way_and_loses_none():
    flows = [steady(PipeBlockage, "ring6", s)[0].flow_m3_s("ring6") for s in (0.0, 0.2, 0.5, 1.0)]
    sizes = [abs(f) for f in flows]
    assert sizes == sorted(sizes, reverse=True)
    net, _ = steady(PipeBlockage, "ring6", 1.0)
    a, b = heads(net, "ring6")
    assert a - b == pytest.approx(50.0 * colebrook_loss(net.flow_m3_s("ring6")), abs=1e-6)
    assert net.passed[0] == 0.0


@pytest.mark.slow_without_jit
def test_a_stuck_check_valve_is_silent_until_the_pump_stops():
    back = []
    for severity in (0.0, 0.3, 1.0):
        net, assets = lift_station()
        sound = net.q.copy()
        CheckValveStuckOpen({}).apply(assets["check"], severity, 0)
        net.settle()
        assert net.q == pytest.approx(sound, rel=1e-9)
        net.speeds[:] = 0.0
        for _ in range(500):
            net.tick(0)
        back.append(net.flow_m3_s("check"))
    assert back[0] == 0.0
    assert back[2] < back[1] < -1e-3


@pytest.mark.slow_without_jit
def test_an_air_pocket_changes_nothing_at_rest_and_swings_slowly():
    sound, pocket = steady()[0], steady(PipeAirPocket, "n6", 1.0)[0]
    assert pocket.q == pytest.approx(sound.q, rel=1e-6, abs=1e-9)
    swing = {}
    for name, net in (("sound", sound), ("pocket", pocket)):
        rows = []
        for _ in range(300):
            net.speeds[1] = 0.8 * N0
            net.tick(0)
            rows.append(net.flow_m3_s("ring5") - net.flow_m3_s("ring6"))
        swing[name] = np.ptp(rows)
    assert swing["sound"] < 1e-9  # n6 has no demand: what comes goes
    assert swing["pocket"] > 1e-4
    assert abs(pocket.balances()["mass"].residual) < 1e-9


def test_an_air_pocket_needs_a_network():
    with pytest.raises(ValueError, match="needs a network"):
        PipeAirPocket({}).check(Pipe(PipeParameters()))
    PipeAirPocket({}).check(ring()[1]["ring1"])


def filling(severity, fault):
    tank = Tank(TankParameters(1.0, 2.5, 1.0))
    fault({}).apply(tank, severity, 0)
    for _ in range(6000):
        tank.advance(0.01, 0.0, 0.01)
    return tank


def test_a_plugged_tap_stays_flat_while_the_balance_moves():
    sound, plugged = filling(0.0, TankLevelTapPlugged), filling(1.0, TankLevelTapPlugged)
    assert plugged.level_m == sound.level_m == pytest.approx(1.6)
    assert sound.hydrostatic_level_m == pytest.approx(1.6 - 0.01 * 2.0, abs=1e-3)  # a ramp, two seconds late
    lag = 600.0
    ramp = 1.0 + 0.01 * (60.0 - lag * (1.0 - math.exp(-60.0 / lag)))
    assert plugged.hydrostatic_level_m == pytest.approx(ramp, abs=1e-3)
    assert plugged.radar_level_m == sound.radar_level_m


def test_foam_is_a_gain_and_the_radar_does_not_see_it():
    sound, foam = filling(0.0, TankFoam), filling(1.0, TankFoam)
    assert foam.hydrostatic_level_m == pytest.approx(0.8 * sound.hydrostatic_level_m, rel=1e-12)
    assert foam.radar_level_m == sound.radar_level_m == sound.level_m


def test_a_wave_has_its_own_period_whatever_the_block():
    pipe = Pipe(PipeParameters())
    fault = PipeUpstreamDisturbance({"amplitude_m": 3.0, "period_s": 20.0})
    fault.apply(pipe, 0.5, 0)
    heads_m = [pipe.wave(0.01) for _ in range(2000)]
    assert max(heads_m) == pytest.approx(1.5, rel=1e-6)
    assert int(np.argmax(heads_m)) + 1 == 500
    assert heads_m[-1] == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ValueError, match="period_s at least"):
        PipeUpstreamDisturbance({"period_s": 0.0})


def test_a_leak_in_the_loop_of_a_single_pump_empties_its_tank():
    from tests.emulator.faults.test_pump_faults import skid, turn

    (pump, circuit), (sound, loop) = skid(), skid()
    PipeLeak({}).apply(circuit.discharge[0], 1.0, 0)
    rows, healthy = turn(pump, circuit, 300), turn(sound, loop, 300)
    head = 0.5 * (43350.0 * sound.flow_m3_s**2 + 10.0)
    expected = 0.75 * math.pi / 4 * 1e-4 * math.sqrt(2.0 * 9.80665 * head) * 3.0
    assert circuit.discharge[0].leaked_m3 == pytest.approx(expected, rel=1e-4)
    assert healthy[-1, 5] - rows[-1, 5] == pytest.approx(circuit.discharge[0].leaked_m3, abs=1e-12)
