import math

import numpy as np
import pytest

from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.check_valve import CheckValve
from emulator.physics.circuit import Circuit
from emulator.physics.control_valve import ControlValve, ControlValveParameters
from emulator.physics.junction import Junction, JunctionParameters, WaterMain, WaterMainParameters
from emulator.physics.machine import ShaftLoad
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.site import Site
from emulator.physics.tank import Tank, TankParameters
from emulator.physics.water_network import WaterNetwork
from emulator.streams import Streams

G, RHO = 9.80665, 998.207
N0 = CentrifugalPumpParameters().speed_rad_s


def rough(length=60.0, diameter=0.08, lift=0.0):
    return Pipe(PipeParameters(length, diameter, 0.0, lift, 4.5e-5))


def network(assets, *chains, site=None):
    return WaterNetwork.of("net", assets, chains, site or Site(Streams(1)))


def ring(level=2.0):
    """Two pumps from a tank into a ring of six nodes, a second tank on it, demands at three nodes."""
    assets = {f"n{i}": Junction(JunctionParameters(0.002 if i in (2, 4, 5) else 0.0)) for i in range(1, 7)}
    assets |= {"tank1": Tank(TankParameters(50.0, 3.0, level)), "tank2": Tank(TankParameters(20.0, 4.0, 1.0))}
    for i in (1, 2):
        assets |= {f"suction{i}": rough(4.0, 0.125), f"pump{i}": CentrifugalPump(CentrifugalPumpParameters())}
        assets |= {f"check{i}": CheckValve(), f"rise{i}": rough(20.0, 0.1, 4.0)}
    assets |= {f"ring{i}": rough() for i in range(1, 7)} | {
        "fall": rough(30.0, 0.08, 12.0),
        "back": rough(40.0, 0.08, -16.0),
    }
    assets["valve1"] = ControlValve(ControlValveParameters(), 0.5)
    chains = [["tank1", f"suction{i}", f"pump{i}", f"check{i}", f"rise{i}", f"n{3 * i - 2}"] for i in (1, 2)]
    chains += [[f"n{i}", f"ring{i}", f"n{i % 6 + 1}"] for i in range(1, 7)]
    chains += [["n3", "fall", "tank2"], ["tank2", "valve1", "back", "tank1"]]
    net = network(assets, *chains)
    net.speeds[:] = N0
    return net, assets


def heads(net, edge):
    e = net.layout.edges[edge]
    return net.h[list(net.layout.nodes).index(e.start)], net.h[list(net.layout.nodes).index(e.end)]


def colebrook_loss(q, length=60.0, d=0.08, eps=4.5e-5, nu=1.0016e-3 / RHO):
    v = q / (math.pi / 4 * d * d)
    f = 0.02
    for _ in range(60):
        f = (-2.0 * math.log10(eps / d / 3.7 + 2.51 / (abs(v) * d / nu * math.sqrt(f)))) ** -2
    return f * length * v * abs(v) / (2 * G * d)


def test_a_steady_ring_balances_at_every_node_and_around_every_loop():
    net, _ = ring()
    net.settle()
    assert net.imbalance_m3_s() <= 1e-9
    around = sum(colebrook_loss(net.flow_m3_s(f"ring{i}")) for i in range(1, 7))
    assert abs(around) <= 1e-6
    for i in range(1, 7):
        a, b = heads(net, f"ring{i}")
        assert a - b == pytest.approx(colebrook_loss(net.flow_m3_s(f"ring{i}")), abs=1e-6)


def test_a_running_ring_balances_too():
    net, _ = ring()
    net.settle()
    for i in range(60):
        net.speeds[1] = N0 * max(1.0 - i / 40, 0.0)
        net.tick(0)
        assert net.imbalance_m3_s() <= 1e-9
    assert abs(net.balances()["mass"].residual) < 1e-9


def test_one_pump_in_a_loop_is_the_circuit_s():
    tank, pump = Tank(TankParameters(height_m=2.0)), CentrifugalPump(CentrifugalPumpParameters())
    suction, discharge = Pipe(PipeParameters(4.0, 0.125, 1200.0)), Pipe(PipeParameters(60.0, 0.1, 43350.0, 11.5))
    net = network(
        {"tank": tank, "suction": suction, "pump": pump, "discharge": discharge},
        ["tank", "suction", "pump", "discharge", "tank.top"],
    )
    net.pumps["pump"].settle(N0)
    assert pump.flow_m3_s * 3600 == pytest.approx(80.0, abs=5e-5)
    assert pump.head_m == pytest.approx(32.0, abs=5e-4)
    assert pump.shaft_power_w == pytest.approx(9159.36, abs=0.01)
    circuit = Circuit(tank, (suction,), (Pipe(PipeParameters(60.0, 0.1, 43350.0, 10.0)),), tank)
    other = CentrifugalPump(CentrifugalPumpParameters())
    other.steady(circuit, N0)
    assert pump.flow_m3_s == pytest.approx(other.flow_m3_s, rel=1e-10)
    load = net.pumps["pump"]
    assert isinstance(load, ShaftLoad)
    torque, slope, _ = load.load(N0)
    other.advance_flow(circuit, N0, 0.0)
    assert torque == pytest.approx(other.torque_nm, rel=1e-9)
    assert slope == pytest.approx(other.out[4], rel=1e-6)
    load.account(N0, 0.01)
    assert load.signals()["suction_pressure_pa"] == pytest.approx(other.suction_pressure_pa(circuit), rel=1e-9)


def test_two_equal_pipes_carry_equal_flows():
    assets = {"a": Tank(TankParameters(100.0, 5.0, 4.0)), "b": Tank(TankParameters(100.0, 5.0, 1.0))}
    assets |= {"one": rough(), "two": rough()}
    net = network(assets, ["a", "one", "b"], ["a", "two", "b"])
    net.settle()
    assert net.flow_m3_s("one") == pytest.approx(net.flow_m3_s("two"), rel=1e-12)
    assert colebrook_loss(net.flow_m3_s("one")) == pytest.approx(3.0, abs=1e-9)
    for _ in range(50):
        net.tick(0)
    assert net.flow_m3_s("one") == pytest.approx(net.flow_m3_s("two"), rel=1e-12)


def test_a_tank_drains_through_a_hole_in_the_published_time():
    tank, other = Tank(TankParameters(1.0, 2.5, 2.0)), Tank(TankParameters(1.0, 2.5, 2.0))
    tank.condition.leak_bore_m = other.condition.leak_bore_m = 0.05
    net = WaterNetwork.of(
        "net",
        {"tank": tank, "pipe": rough(), "main": WaterMain(WaterMainParameters(0.0)), "check": CheckValve()},
        [["main", "check", "pipe", "tank"]],
        Site(Streams(1)),
    )  # the check valve keeps the pipe out of it while the tank stands higher
    seconds = empty = 0.0
    while other.level_m > 0.0:
        other.advance(0.0, 0.0, 0.05)
        seconds += 0.05
    assert seconds == pytest.approx(533.22, abs=0.05)
    while tank.level_m > 1e-7 and empty < 600.0:
        net.step(0.25)
        empty += 0.25
    assert empty == pytest.approx(533.22, abs=0.5)


def test_a_day_keeps_every_drop():
    assets = {"a": Tank(TankParameters(10.0, 5.0, 4.0)), "b": Tank(TankParameters(2.0, 5.0, 1.0))}
    assets |= {"pipe": rough(), "n": Junction(JunctionParameters(1e-5)), "last": rough(lift=1.0)}
    net = network(assets, ["a", "pipe", "n", "last", "b"])
    assets["n"].condition.leak_bore_m = 0.001
    before = math.fsum(net.v)
    for _ in range(24 * 60):
        net.step(60.0)
    lost = before - math.fsum(net.v)
    assert lost > 0.5
    assert float(net.passed[0] + net.passed[1]) == pytest.approx(lost, rel=1e-6)
    assert abs(net.balances()["mass"].residual) < 1e-6


def test_a_full_tank_spills_and_an_empty_one_gives_nothing():
    assets = {"main": WaterMain(WaterMainParameters(1e5)), "in": rough(), "t": Tank(TankParameters(0.05, 1.0, 0.9))}
    net = network(assets, ["main", "in", "t.top"])
    with_lift = {**assets, "in": rough(lift=1.0)}
    net = network(with_lift, ["main", "in", "t.top"])
    for _ in range(300):
        net.tick(0)
    assert with_lift["t"].level_m == pytest.approx(1.0, abs=1e-6)
    spilt, residual = float(net.passed[3]), net.balances()["mass"].residual
    assert spilt > 0.01
    assert abs(residual) < 1e-9
    dry = {"t": Tank(TankParameters(0.05, 1.0, 0.1)), "out": rough(lift=-3.0), "main": WaterMain()}
    net = network(dry, ["t", "out", "main"])
    for _ in range(400):
        net.tick(0)
        assert dry["t"].level_m >= 0.0
    assert net.flow_m3_s("out") == 0.0
    assert abs(net.balances()["mass"].residual) < 1e-9
    assert np.all(np.isfinite(net.h))


def lift_station(stuck=0.0):
    assets = {"low": Tank(TankParameters(10.0, 3.0, 2.0)), "high": Tank(TankParameters(10.0, 3.0, 1.0))}
    assets |= {"suction": rough(4.0, 0.125), "pump": CentrifugalPump(CentrifugalPumpParameters())}
    assets |= {"check": CheckValve(), "rise": rough(40.0, 0.1, 12.0)}
    assets["check"].condition.stuck_open = stuck
    net = network(assets, ["low", "suction", "pump", "check", "rise", "high"])
    net.speeds[:] = N0
    net.settle()
    return net, assets


def test_a_check_valve_shuts_at_its_moment():
    moved = {}
    for dt in (0.01, 0.005):
        net, _ = lift_station()
        net.speeds[:] = 0.0
        for _ in range(round(3.0 / dt)):
            net.step(dt)
        assert net.flow_m3_s("check") == 0.0
        assert net.events[0] == 1
        moved[dt] = float(net.v[-1]) - 10.0
    # a moment off by 1e-4 s would leave a trace of the deceleration: ½·(dQ/dt)·(1e-4 s)² = 2e-10 m³
    assert moved[0.01] == pytest.approx(moved[0.005], rel=1e-4)
    assert 0.0 < moved[0.01] < 0.02


@pytest.mark.slow_without_jit
def test_backflow_spins_a_stopped_pump_backwards():
    net, _ = lift_station(stuck=0.5)
    net.speeds[:] = 0.0
    for _ in range(500):
        net.tick(0)
    load = net.pumps["pump"]
    assert net.flow_m3_s("check") < -0.001
    torque, _, _ = load.load(0.0)
    assert torque > 0.0  # it takes torque from a shaft at rest: left alone, the shaft turns backwards
    speed, inertia = 0.0, 0.3
    for _ in range(3000):
        load.half_step(speed, 0.01)
        net.tick(0)
        taken, slope, _ = load.load(speed)
        speed -= taken / (inertia / 0.01 + slope)
    assert -1.3 * N0 < speed < -0.02 * N0
    assert load.load(speed)[0] == pytest.approx(0.0, abs=0.05)  # run away


def test_a_closed_tank_follows_its_gas():
    tank = Tank(TankParameters(0.5, 2.0, 1.0, gas_pressure_pa=2e5, gas_exponent=1.2))
    assets = {"main": WaterMain(WaterMainParameters(3e5)), "pipe": rough(), "tank": tank}
    net = network(assets, ["main", "pipe", "tank"])
    for _ in range(6000):
        net.step(0.1)
    gas = 2e5 * (1.0 / (2.0 - tank.level_m)) ** 1.2
    assert gas - 101_325.0 + RHO * G * tank.level_m == pytest.approx(3e5, rel=3e-3)


def test_choked_flow_does_not_follow_the_drop():
    def flow(outlet_pa):
        assets = {"a": WaterMain(WaterMainParameters(6e5 - 101_325.0)), "b": WaterMain(WaterMainParameters(outlet_pa))}
        assets |= {"valve": ControlValve(ControlValveParameters(), 0.5), "bit": Pipe(PipeParameters(0.1, 0.2, 1e-3))}
        net = network(assets, ["a", "valve", "bit", "b"])
        net.settle()
        return net.flow_m3_s("valve")

    kv = 63.0 * 0.14142
    assert flow(2e5) == pytest.approx(kv / 3600 * math.sqrt((6.0 - 3.01325) / 0.998207), rel=1e-4)
    choked = kv / 3600 * math.sqrt(4.842 / 0.998207)
    assert flow(0.0) == pytest.approx(choked, rel=1e-3)
    assert flow(-0.5e5) == pytest.approx(choked, rel=1e-3)


def test_saved_anywhere_it_goes_on_bit_for_bit():
    net, assets = ring()
    net.settle()
    net.speeds[0] = 0.4 * N0
    for _ in range(15):
        net.tick(0)
    saved, parts = net.save(), {n: a.save() for n, a in assets.items()}
    for _ in range(15):
        net.tick(0)
    other, same = ring()
    for n, a in same.items():
        a.restore(parts[n])
    other.restore(saved)
    for _ in range(15):
        other.tick(0)
    assert np.array_equal(net.q, other.q)
    assert np.array_equal(net.h, other.h)
    assert np.array_equal(net.v, other.v)
    assert net.asset_signals() == other.asset_signals()


@pytest.mark.slow_without_jit
def test_pumps_standing_and_backwards_give_finite_numbers():
    net, _ = ring(level=0.0)
    for speed in (0.0, -N0, 1e-150, 1.2 * N0):
        net.speeds[:] = speed
        for _ in range(20):
            net.tick(0)
        for load in net.pumps.values():
            load.account(speed, 0.01)
        assert all(math.isfinite(v) for v in net.asset_signals().values())
    assert abs(net.balances()["mass"].residual) < 1e-9


@pytest.mark.parametrize(
    ("chains", "message"),
    [
        ([["pipe", "tank"]], "'pipe' ends loose"),
        ([["n1", "pipe", "n2"]], "nothing holds their pressure"),
        ([["tank", "pipe", "n1"], ["n1", "pipe", "n2"]], "'pipe' lies in the network already"),
        ([["tank", "pipe", "tank"]], "back to it"),
        ([["tank", "n1"]], "meet with nothing between"),
        ([["tank", "pipe", "n1"], ["tank", "lift", "n1"]], "must come back to its height"),
        ([["tank.top", "pipe", "n1"]], "nothing flows out"),
        ([["tank", "lift", "pipe", "tank2.side"]], "there is no 'tank2.side'"),
        ([["n1", "motor", "tank"]], "'motor' carries no water"),
        ([["tank", "pipe", "tank.top"]], "below its rim"),
    ],
)
def test_a_network_that_cannot_be_is_refused_by_name(chains, message):
    assets = {"tank": Tank(TankParameters()), "tank2": Tank(TankParameters()), "n1": Junction(), "n2": Junction()}
    assets |= {"pipe": rough(), "lift": rough(lift=3.0), "motor": object()}
    with pytest.raises(ValueError, match=message):
        network(assets, *chains)


def test_an_exchanger_is_a_resistance():
    class Exchanger:
        resistance_s2_m5 = 30_000.0

    assets = {"a": WaterMain(WaterMainParameters(1e5)), "b": WaterMain(), "x": Exchanger()}
    net = network(assets, ["a", "x", "b"])
    net.settle()
    assert net.flow_m3_s("x") == pytest.approx(math.sqrt(1e5 / (RHO * G) / 30_000.0), rel=1e-9)


def hammer(length=600.0, wave_speed=1200.0):
    pipe = Pipe(PipeParameters(length, 0.08, 0.0, 0.0, -1.0, wave_speed))
    valve = ControlValve(ControlValveParameters(), 0.5)
    assets = {
        "a": WaterMain(WaterMainParameters(10e5)),
        "pipe": pipe,
        "n": Junction(),
        "valve": valve,
        "b": WaterMain(),
    }
    net = network(assets, ["a", "pipe", "n", "valve", "b"])
    net.settle()
    return net, assets


def test_a_shut_valve_sends_joukowsky_s_wave_up_the_pipe():
    net, assets = hammer()
    steady = net.q.copy()
    for _ in range(20):
        net.tick(0)
    assert net.q == pytest.approx(steady, rel=1e-9)  # the settled state stays
    speed = net.flow_m3_s("pipe") / assets["pipe"].area_m2
    before = net.pressure_pa("n")
    assets["valve"].place(0.0)
    rows = []
    for _ in range(420):
        net.tick(0)
        rows.append(net.pressure_pa("n") - before)
    per_speed = rows[0] / speed / 1e5
    assert per_speed == pytest.approx(11.978, rel=1e-3)  # bar per m/s
    # without friction the wave stands for 2L/a = 1 s, turns round, and comes back after 4L/a = 2 s
    assert rows[95] == pytest.approx(rows[0], rel=1e-2)
    assert rows[150] == pytest.approx(-min(rows[0], before + 101_325.0), rel=2e-2)
    assert rows[250] == pytest.approx(rows[0], rel=2e-2)


def test_a_wave_that_does_not_fit_the_ticks_is_refused():
    with pytest.raises(ValueError, match=r"pipe.wave_speed_m_s = 1200: a wave passes 10 m"):
        hammer(length=10.0)
    net, _ = hammer()
    with pytest.raises(ValueError, match="in ticks"):
        net.step(0.05)


def test_waves_are_saved_too():
    net, assets = hammer()
    assets["valve"].place(0.1)
    for _ in range(30):
        net.tick(0)
    saved, valve = net.save(), assets["valve"].save()
    other, same = hammer()
    same["valve"].restore(valve)
    other.restore(saved)
    for _ in range(30):
        net.tick(0)
        other.tick(0)
    assert np.array_equal(net.h, other.h)
    assert np.array_equal(net.q, other.q)
