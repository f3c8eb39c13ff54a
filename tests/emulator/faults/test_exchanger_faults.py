"""What each fault of the exchanger moves, which way, and what it leaves alone."""

import itertools

import pytest

from emulator.faults.exchanger_air_lock import ExchangerAirLock
from emulator.faults.exchanger_bypass import ExchangerBypass
from emulator.faults.exchanger_cold_flow_loss import ExchangerColdFlowLoss
from emulator.faults.exchanger_fouling import ExchangerFouling
from emulator.faults.exchanger_tube_leak import ExchangerTubeLeak
from emulator.physics.heat_exchanger import HeatExchanger
from emulator.physics.heat_exchanger_parameters import HeatExchangerCondition, HeatExchangerParameters
from emulator.physics.site import Site
from emulator.streams import Streams

FAULTS = {
    fault.kind: fault
    for fault in (ExchangerFouling, ExchangerTubeLeak, ExchangerBypass, ExchangerAirLock, ExchangerColdFlowLoss)
}
FEATURES = {  # signal, and the change that counts as one: what its sensor can tell
    "effectiveness": 0.005,
    "hot_pressure_drop_pa": 200.0,
    "cold_pressure_drop_pa": 200.0,
    "hot_flow_kg_s": 0.0125,
    "cold_flow_kg_s": 0.0125,
    "cold_outlet_temperature_k": 0.15,
    "hot_outlet_temperature_k": 0.15,
}


def settled(kind=None, severity=0.0, seconds=60.0, **params):
    hx = HeatExchanger(HeatExchangerParameters(), Site(Streams(3)), "hx1")
    if kind:
        FAULTS[kind](params).apply(hx, severity, 0)
    hx.start()
    for i in range(round(seconds * 100)):
        hx.tick(i * 10_000_000)
    return hx


@pytest.fixture(scope="module")
def healthy():
    return settled(seconds=1.0).signals()


@pytest.mark.parametrize(
    ("kind", "signs"),
    [
        ("exchanger_fouling", "-+000-+"),
        ("exchanger_bypass", "--000-+"),
        ("exchanger_cold_flow_loss", "+000-++"),
    ],
)
def test_signs_at_half_severity(kind, signs, healthy):
    """Effectiveness here is over the smaller stream: with little coolant it rises, and still the oil stays hot."""
    got = settled(kind, 0.5, 1.0).signals()
    found = ""
    for name, threshold in FEATURES.items():
        change = got[name] - healthy[name]
        found += "0" if abs(change) < threshold else "+" if change > 0.0 else "-"
    assert found == signs


def test_a_leak_shows_in_the_flow_balance_and_a_kink_of_the_cold_outlet(healthy):
    got = settled("exchanger_tube_leak", 1.0, 20.0).signals()
    assert healthy["hot_outlet_flow_kg_s"] == healthy["hot_flow_kg_s"]
    assert got["hot_flow_kg_s"] - got["hot_outlet_flow_kg_s"] > 0.05
    assert got["cold_outlet_flow_kg_s"] - got["cold_flow_kg_s"] == pytest.approx(
        got["hot_flow_kg_s"] - got["hot_outlet_flow_kg_s"]
    )
    assert abs(got["cold_outlet_temperature_k"] - healthy["cold_outlet_temperature_k"]) > 0.05
    assert got["conductance_w_k"] == healthy["conductance_w_k"]


def test_air_makes_the_hot_flow_wander_and_dries_the_surface(healthy):
    hx = settled("exchanger_air_lock", 1.0, 0.0)
    flows = []
    for i in range(3000):
        hx.tick(i * 10_000_000)
        flows.append(hx.flow_kg_s["hot"])
    mean = sum(flows) / len(flows)
    scatter = (sum((f - mean) ** 2 for f in flows) / len(flows)) ** 0.5 / mean
    assert scatter == pytest.approx(0.056, rel=0.4)
    assert hx.effectiveness < healthy["effectiveness"] - 0.05
    assert hx.flow_kg_s["cold"] == 2.5


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("exchanger_fouling", lambda hx: hx.conductance_w_k),
        ("exchanger_tube_leak", lambda hx: -hx.leak_kg_s),
        ("exchanger_bypass", lambda hx: hx.pressure_drop_pa("hot")),
        ("exchanger_air_lock", lambda hx: hx.conductance_w_k),
        ("exchanger_cold_flow_loss", lambda hx: hx.flow_kg_s["cold"]),
    ],
)
def test_more_severity_is_more_of_it(kind, read):
    values = [read(settled(kind, severity, 0.02)) for severity in (0.0, 0.05, 0.3, 0.6, 1.0)]
    assert all(b < a for a, b in itertools.pairwise(values))


@pytest.mark.parametrize("kind", FAULTS)
def test_no_severity_is_no_fault(kind, healthy):
    hx = settled(kind, 0.0, 1.0)
    assert hx.signals() == healthy
    fault = FAULTS[kind]({})
    fault.apply(hx, 1.0, 0)
    assert hx.condition != HeatExchangerCondition()
    fault.apply(hx, 0.0, 0)
    assert hx.condition == HeatExchangerCondition()


def test_full_severities_are_those_of_the_page():
    fouled = settled("exchanger_fouling", 1.0, 0.0)
    assert (fouled.conductance_w_k, fouled.effectiveness) == pytest.approx((7668.9, 0.4230), rel=1e-3)
    assert fouled.pressure_drop_pa("hot") / 20_000.0 == pytest.approx(0.8**-3)
    cold = settled("exchanger_fouling", 1.0, 0.0, side="cold")
    assert (cold.pressure_drop_pa("hot"), cold.pressure_drop_pa("cold")) == pytest.approx((20_000.0, 39_062.5))
    assert settled("exchanger_bypass", 1.0, 0.0).pressure_drop_pa("hot") / 20_000.0 == pytest.approx(0.7**1.8)
    assert settled("exchanger_cold_flow_loss", 1.0, 0.0).flow_kg_s["cold"] == pytest.approx(0.5)


def test_a_side_that_is_none_is_refused():
    with pytest.raises(ValueError, match="side = 'left' must be 'hot' or 'cold'"):
        FAULTS["exchanger_fouling"]({"side": "left"})
