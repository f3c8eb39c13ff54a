"""What each fault of compressors and their net moves, which way, and what it leaves alone."""

import itertools

import numpy as np
import pytest

from emulator.faults.base import registry
from emulator.physics.air_consumer import AirConsumer, AirConsumerParameters
from emulator.physics.air_receiver import AirReceiver, AirReceiverParameters
from emulator.physics.centrifugal_compressor import CentrifugalCompressor, CentrifugalParameters
from emulator.physics.compressor_control import ControlParameters
from emulator.physics.ports import Junction
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor
from emulator.physics.reciprocating_parameters import ReciprocatingParameters
from emulator.physics.screw_compressor import ScrewCompressor
from emulator.physics.screw_parameters import ScrewParameters
from emulator.physics.site import Site
from emulator.streams import Streams

TICK_NS = 10_000_000
PISTON_BAND = ControlParameters(load_pa=2.9e5, unload_pa=3.3e5, setpoint_pa=3.0e5, stroke_s=0.2)
KINDS = (
    "compressor_inlet_filter", "compressor_oil_cooler_fouling", "air_leak", "compressor_unloader_stuck",
    "compressor_suction_valve_leak", "compressor_discharge_valve_leak", "compressor_ring_leak",
    "compressor_rod_knock", "compressor_anti_surge_valve",
)  # fmt: skip


def site():
    return Site(Streams(3), pressure_pa=1e5)


def hurt(machine, kind, severity, **params):
    if kind:
        registry()[kind](params).apply(machine, severity, 0)
    return machine


def screw(kind=None, severity=0.0, seconds=0.1, **params):
    made = ScrewCompressor(ScrewParameters(built_in=True), ControlParameters(unload_pa=8e5), site(), "k1")
    hurt(made, kind, severity, **params)
    made.ports["air"].potential = 8.4e5
    made.start()
    for i in range(round(seconds * 100)):
        made.tick(i * TICK_NS)
    return made


def piston(kind=None, severity=0.0, fine=True, seconds=1.0, **params):
    made = ReciprocatingCompressor(
        ReciprocatingParameters(built_in=True, waveforms=fine), PISTON_BAND, site(), "k2"
    )  # fmt: skip
    hurt(made, kind, severity, **params)
    made.ports["air"].potential = 4e5
    made.start()
    for i in range(round(seconds * 100)):
        made.tick(i * TICK_NS)
    made.own_trace(0)
    return made


def blower(kind=None, severity=0.0, seconds=12.0):
    made = CentrifugalCompressor(CentrifugalParameters(), site(), "k3")
    hurt(made, kind, severity)
    made.start()
    made.throttle = 0.50
    phi = []
    for i in range(round(seconds * 100)):
        made.tick(i * TICK_NS)
        phi.append(made.phi)
    return made, np.array(phi[-400:])


def station(kind=None, severity=0.0, seconds=90.0, on="net", share=0.4, **params):
    """Return (duty, consumption at the receiver [kg/s], lowest and highest pressure) of one screw at night."""
    surroundings = site()
    store = AirReceiver(AirReceiverParameters(volume_m3=0.4, start_pa=7.2e5), surroundings, "v1")
    made = ScrewCompressor(ScrewParameters(built_in=True), ControlParameters(), surroundings, "k1")
    users = AirConsumer(
        AirConsumerParameters(flow_kg_s=share * 0.12, scatter=0.0, profile=(1.0,) * 24), surroundings, "c1"
    )
    hurt({"net": store, "screw": made, "users": users}[on], kind, severity, **params)
    ports = [made.ports["air"], users.ports["air"]]
    junction = Junction(store.ports["air"], ports)
    for port in (store.ports["air"], *ports):
        port.joined = True
    junction.exchange()
    store.start()
    made.start()
    pressures = []
    for i in range(round(seconds * 100)):
        junction.exchange()
        for machine in (store, made, users):
            machine.tick(i * TICK_NS)
        pressures.append(store.pressure_pa - 1e5)
    out = store.balances()["mass"].went_out / seconds
    return made.control.loaded_s / seconds, out, min(pressures), max(pressures)


# --- screw ------------------------------------------------------------------------------------------------------------


def test_a_clogged_filter_costs_air_and_work():
    good, bad = screw(), screw("compressor_inlet_filter", 1.0)
    assert bad.signals()["inlet_pressure_pa"] == pytest.approx(-8000.0, rel=1e-9)
    assert bad.flow_kg_s / good.flow_kg_s == pytest.approx(0.92, rel=1e-9)
    # work per kilogram goes with the logarithm of the pressure ratio
    ratio = (bad.shaft_w / bad.flow_kg_s) / (good.shaft_w / good.flow_kg_s)
    assert ratio == pytest.approx(np.log(8.4 / 0.92) / np.log(8.4), rel=2e-3)
    assert bad.condition.cooler_gain == 1.0
    turbo = hurt(CentrifugalCompressor(CentrifugalParameters(), site(), "k3"), "compressor_inlet_filter", 1.0)
    turbo.start()
    for i in range(20):
        turbo.tick(i * TICK_NS)
    for made in (piston("compressor_inlet_filter", 1.0, False), turbo):
        assert made.inlet_pa < 93_000.0


def test_a_fouled_cooler_heats_the_oil_and_nothing_else():
    runs = [screw("compressor_oil_cooler_fouling", s) for s in (0.0, 0.3, 0.6, 0.8)]
    heats = [made.element_k for made in runs]
    assert all(b > a + 1.0 for a, b in itertools.pairwise(heats))
    assert {made.flow_kg_s for made in runs} == {runs[0].flow_kg_s}
    assert {made.shaft_w for made in runs} == {runs[0].shaft_w}
    worst = ScrewCompressor(ScrewParameters(built_in=True, element_j_k=3e3, sump_j_k=5e3), ControlParameters(unload_pa=8e5),
                            site(), "k1")  # fmt: skip
    hurt(worst, "compressor_oil_cooler_fouling", 1.0)
    worst.ports["air"].potential = 8.4e5
    worst.start()
    for i in range(12_000):
        worst.tick(i * TICK_NS)
        if worst.tripped:
            break
    assert worst.tripped


def test_a_stuck_unloader_loses_the_band():
    healthy, loaded = station(share=0.2), station("compressor_unloader_stuck", 1.0, 60.0, "screw", 0.2)
    assert healthy[3] < 7.6e5
    assert loaded[3] > 8.5e5
    assert loaded[0] == pytest.approx(1.0, abs=0.02)
    unloaded = station("compressor_unloader_stuck", 1.0, 60.0, "screw", 0.2, state="unloaded")
    assert unloaded[2] < 6.0e5
    assert unloaded[0] < 0.02
    with pytest.raises(ValueError, match="state = 'half' must be 'loaded' or 'unloaded'"):
        registry()["compressor_unloader_stuck"]({"state": "half"})


@pytest.mark.parametrize("on", ["net", "users"])
def test_a_leak_lengthens_the_duty_and_raises_what_the_night_takes(on):
    runs = [station("air_leak", s, on=on, share=0.1) for s in (0.0, 0.4, 0.8)]
    duty, out = [r[0] for r in runs], [r[1] for r in runs]
    assert all(b > a + 0.03 for a, b in itertools.pairwise(duty))
    # 3.2 and 6.4 mm choked at about 8.2 bar: what the night takes more is the leak
    for s, more in ((0.4, out[1] - out[0]), (0.8, out[2] - out[0])):
        area = 0.62 * np.pi / 4 * (0.008 * s) ** 2
        assert more == pytest.approx(area * 8.2e5 * 0.6847 / np.sqrt(287.055 * 295.0), rel=0.08)


# --- reciprocating ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound():
    return piston()


@pytest.mark.slow_without_jit
def test_a_leaking_suction_valve_warms_its_cap_and_costs_capacity():
    bad = piston("compressor_suction_valve_leak", 1.0, seconds=8.0)
    good = piston(seconds=8.0)
    a, b = good.signals(), bad.signals()
    assert 0.85 < b["flow_kg_s"] / a["flow_kg_s"] < 0.97
    assert b["suction_cap_1_temperature_k"] > a["suction_cap_1_temperature_k"] + 5.0
    # the other cap feels only that the common discharge is warmer
    one, two = (b[f"suction_cap_{i}_temperature_k"] - a[f"suction_cap_{i}_temperature_k"] for i in (1, 2))
    assert one > 3.0 * two
    assert b["crankcase_temperature_k"] == pytest.approx(a["crankcase_temperature_k"], abs=0.1)


@pytest.mark.slow_without_jit
def test_a_leaking_discharge_valve_opens_the_suction_late_and_heats_the_gas(sound):
    bad = piston("compressor_discharge_valve_leak", 1.0, seconds=8.0)
    assert bad.signals()["flow_kg_s"] < 0.95 * sound.signals()["flow_kg_s"]
    assert bad.heat.discharge_k > sound.heat.discharge_k + 3.0

    def opening(made):
        p = made.waveform("cylinder_1_pressure_pa", None, 0, 2000, 25_000.0)
        return int(np.argmax(p < 0.99e5))

    fresh = piston("compressor_discharge_valve_leak", 1.0)
    assert opening(fresh) > opening(piston()) + 5


@pytest.mark.slow_without_jit
def test_worn_rings_blow_into_the_crankcase(sound):
    bad = piston("compressor_ring_leak", 1.0, seconds=8.0)
    assert bad.mean_flow_kg_s < 0.96 * sound.mean_flow_kg_s
    assert bad.balances()["mass"].residual == pytest.approx(0.0, abs=1e-9)
    assert bad._mass[2] / 8.0 == pytest.approx(bad.cycle()["rings_kg"] * 12.0, rel=0.05)
    assert bad.heat.crankcase_k > sound.heat.crankcase_k + 5.0


@pytest.mark.slow_without_jit
def test_a_worn_pin_knocks_where_the_rod_load_turns_round(sound):
    bad = piston("compressor_rod_knock", 1.0, seconds=1.0)
    x, y = (m.waveform("acceleration_m_s2", None, 0, 25_000, 25_000.0) for m in (piston(), bad))
    assert np.abs(y).max() > 3.0 * np.abs(x).max()
    rod = bad.waveform("rod_1_load_n", None, 0, 25_000, 25_000.0)
    reversals = np.flatnonzero(np.diff(np.sign(rod)) != 0) / 25_000.0
    knocks = sorted(
        tick * 0.01 + t for tick, blows in bad.cylinders._heard for t, _, kind, throw in blows if kind == 4
    )  # fmt: skip
    assert len(knocks) > 20
    for at in knocks:
        before = reversals[reversals <= at]
        assert before.size
        assert at - before[-1] < 0.008
    position = bad.waveform("rod_1_position_m", None, 0, 25_000, 25_000.0)
    assert np.ptp(position) > 0.45e-3
    # what gas and shaft do, and how warm all is, does not move
    assert bad.signals() == piston(seconds=1.0).signals()


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(
    "kind", ["compressor_suction_valve_leak", "compressor_discharge_valve_leak", "compressor_ring_leak"]
)
def test_capacity_falls_the_more_the_worse_and_levels_agree(kind):
    def delivered(fine, severity):
        made = piston(kind, severity, fine)
        return made._mass[1] + 0.01 * made.ports["air"].flow  # twelve whole turns

    given, coarse = ([delivered(fine, s) for s in (0.0, 0.5, 1.0)] for fine in (True, False))
    assert given[0] > given[1] > given[2]
    assert coarse[0] > coarse[1] > coarse[2]
    assert coarse[2] / coarse[0] == pytest.approx(given[2] / given[0], abs=0.03)


def test_a_throw_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"throw = 3 must be in 1 … 2 of k2"):
        piston("compressor_ring_leak", 1.0, False, throw=3)


# --- centrifugal ------------------------------------------------------------------------------------------------------


def test_an_anti_surge_valve_that_does_not_open_lets_it_surge():
    (good, calm), (bad, wild) = blower(), blower("compressor_anti_surge_valve", 1.0)
    assert np.ptp(calm) < 1e-3
    assert np.ptp(wild) > 0.5
    assert bad.surges > good.surges + 20
    assert bad.valve == 0.0
    # half of its opening is still enough here; the flow around it is what counts
    half, steady = blower("compressor_anti_surge_valve", 0.5)
    assert np.ptp(steady) < 1e-3
    assert half.valve <= 0.5


# --- all --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_severity_is_no_fault_and_back(kind):
    fault = registry()[kind]({})
    makers = {
        "screw_compressor": lambda: screw(seconds=0.0),
        "reciprocating_compressor": lambda: piston(fine=False, seconds=0.0),
        "centrifugal_compressor": lambda: blower(seconds=0.0)[0],
        "air_receiver": lambda: AirReceiver(AirReceiverParameters(), site(), "v1"),
        "air_consumer": lambda: AirConsumer(AirConsumerParameters(), site(), "c1"),
    }
    for target in fault.targets:
        one, two = makers[target](), makers[target]()
        fault.apply(one, 1.0, 0)
        assert one.condition != two.condition
        fault.apply(one, 0.0, 0)
        fault.apply(one, 0.0, 0)
        assert one.condition == two.condition
        for i in range(20):
            one.tick(i * TICK_NS)
            two.tick(i * TICK_NS)
        assert one.signals() == two.signals()
