"""The heat exchanger against effectiveness by transfer units, its own balances, and bad or odd input."""

import itertools
import math

import numpy as np
import pytest

from emulator.physics.effectiveness import effectiveness
from emulator.physics.heat_exchanger import HeatExchanger
from emulator.physics.heat_exchanger_parameters import HeatExchangerParameters
from emulator.physics.ports import Junction
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.heat_exchanger import HeatExchanger as Nameplate

TICK_NS = 10_000_000


def exchanger(warm=True, **given):
    made = HeatExchanger(HeatExchangerParameters(**given), Site(Streams(1), warm=warm), "hx1")
    made.start()
    return made


def run(machine, seconds, first=0):
    for i in range(first, first + round(seconds * 100)):
        machine.tick(i * TICK_NS)
    return first + round(seconds * 100)


@pytest.mark.parametrize("dynamic", [True, False])
def test_clean_and_fouled_duty_are_those_of_the_closed_form(dynamic):
    hx = exchanger(dynamic=dynamic)
    assert hx.effectiveness == pytest.approx(0.6, abs=1e-9)
    assert hx.duty_w == pytest.approx(376_560.0, rel=1e-9)
    assert (hx.outlet_k["hot"], hx.outlet_k["cold"]) == pytest.approx((317.15, 329.15), abs=1e-9)
    hx.condition.hot_fouling_m2k_w = 2e-4
    hx.start()
    assert hx.conductance_w_k == pytest.approx(10_302.0, abs=0.05)
    assert hx.effectiveness == pytest.approx(0.496196, abs=5e-7)
    assert hx.duty_w == pytest.approx(311_412.5, abs=0.05)
    assert (hx.outlet_k["hot"], hx.outlet_k["cold"]) == pytest.approx((323.378, 322.922), abs=5e-4)


def test_effectiveness_of_both_arrangements():
    assert effectiveness(2.0, 0.5) == pytest.approx(0.774600, abs=5e-7)
    assert effectiveness(2.0, 0.5, counter_flow=False) == pytest.approx(0.633475, abs=5e-7)
    assert effectiveness(1.5, 1.0) == pytest.approx(0.6, abs=1e-15)
    assert effectiveness(1.5, 1.0 - 2e-9) == pytest.approx(effectiveness(1.5, 1.0), abs=1e-7)
    assert effectiveness(0.0, 0.3) == 0.0


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("counter_flow", [True, False])
def test_more_cells_come_nearer_to_the_closed_form(counter_flow):
    errors = []
    for cells in (10, 20, 40):
        hx = exchanger(cells=cells, conductance_w_k=2.0 * 1.25 * 4184.0, hot_flow_kg_s=1.25, counter_flow=counter_flow)
        errors.append(abs(hx.effectiveness - effectiveness(2.0, 0.5, counter_flow)))
    orders = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert min(orders) > 1.5
    assert errors[1] < 1e-3


def test_heat_is_kept_over_changes_of_everything():
    hx = exchanger(warm=False)
    at = run(hx, 5)
    hx.commands()["hot_inlet_temperature_k"](363.15)
    hx.commands()["cold_flow_kg_s"](0.4)
    hx.condition.leak_diameter_m, hx.condition.bypass_share = 0.003, 0.2
    at = run(hx, 5, at)
    hx.commands()["hot_flow_kg_s"](0.0)
    at = run(hx, 3, at)
    hx.commands()["hot_flow_kg_s"](5.0)
    run(hx, 5, at)
    energy, mass = hx.balances()["energy"], hx.balances()["mass"]
    assert energy.came_in > 1e6
    assert abs(energy.stored) > 1e5
    assert abs(energy.residual) < 1e-9
    assert abs(mass.residual) < 1e-12


def test_a_front_runs_through_without_new_extremes():
    hx = exchanger(warm=False)
    hx.site.cooling_water_k = 283.15
    low, high = 283.15, 353.15
    for i in range(600):
        hx.tick(i * TICK_NS)
        for profile in (hx.hot_k, hx.wall_k, hx.cold_k):
            assert low - 1e-9 <= profile.min() <= profile.max() <= high + 1e-9
        assert low <= hx.outlet_k["hot"] <= high


def test_the_hot_front_arrives_after_the_residence_time():
    # Nearly adiabatic: what enters leaves V ρ / ṁ later.
    hx = exchanger(warm=False, conductance_w_k=1.0, cells=100)
    start = hx.outlet_k["hot"]
    residence = 6.0 * 0.003 * 998.0 / 2.5
    half = 0.5 * (start + 353.15)
    at = next(i for i in range(2000) if hx.tick(i * TICK_NS) or hx.outlet_k["hot"] > half)
    assert (at + 1) * 0.01 == pytest.approx(residence, rel=0.02)


def test_film_follows_the_flow():
    hx = exchanger()
    hx.commanded_flow_kg_s["hot"] = 1.25
    hx.tick(0)
    one = 1.0 / (2.0 * 15_690.0)
    assert hx.conductance_w_k == pytest.approx(1.0 / (one / 0.5**0.7 + one), rel=1e-12)
    assert hx.pressure_drop_pa("hot") == pytest.approx(20_000.0 * 0.5**1.8, rel=1e-12)


def test_the_loop_resistance_gives_the_pressure_drop():
    hx = exchanger()
    for flow in (2.5, 0.8):
        hx.advance_side("hot", flow, 350.0)
        q = flow / 998.0
        assert hx.resistance_s2_m5("hot") * q * q * 998.0 * 9.80665 == pytest.approx(hx.pressure_drop_pa("hot"))


def test_a_loop_feeds_a_side_either_way():
    ahead, back = exchanger(), exchanger()
    for i in range(6000):
        ahead.advance_side("hot", 2.5, 353.15)
        back.advance_side("hot", -2.5, 353.15)
        ahead.tick(i * TICK_NS)
        back.tick(i * TICK_NS)
    assert ahead.effectiveness == pytest.approx(0.6, abs=1e-6)
    # Backwards, the counter-flow exchanger is one of parallel flow.
    duty = 2.5 * 4184.0 * (353.15 - back.outlet_k["hot"])
    assert duty / (2.5 * 4184.0 * 60.0) == pytest.approx(effectiveness(1.5, 1.0, counter_flow=False), abs=2e-3)
    assert abs(back.balances()["energy"].residual) < 1e-9


def test_two_exchangers_joined_by_a_stream_hand_on_flow_heat_and_back_pressure():
    first, second = exchanger(), exchanger()
    junction = Junction(second.ports["hot_in"], [first.ports["hot_out"]])
    second.ports["hot_in"].joined = first.ports["hot_out"].joined = True
    assert "hot_flow_kg_s" not in second.commands()
    for i in range(3000):
        junction.exchange()
        first.tick(i * TICK_NS)
        second.tick(i * TICK_NS)
    assert second.flow_kg_s["hot"] == pytest.approx(2.5)
    assert second.inlet_k["hot"] == pytest.approx(317.15, abs=1e-3)
    assert first.ports["hot_in"].potential == pytest.approx(300_000.0 + 2 * 20_000.0)


@pytest.mark.parametrize("dynamic", [True, False])
def test_a_leak_moves_mass_towards_the_lower_pressure(dynamic):
    hx = exchanger(dynamic=dynamic)
    hx.condition.leak_diameter_m = 0.003
    run(hx, 1)
    orifice = 0.61 * math.pi / 4.0 * 9e-6 * math.sqrt(2.0 * 998.0 * 150_000.0)
    assert hx.leak_kg_s == pytest.approx(orifice, rel=1e-9)
    assert hx.outlet_flow_kg_s["hot"] == pytest.approx(2.5 - orifice)
    assert hx.outlet_flow_kg_s["cold"] == pytest.approx(2.5 + orifice)
    hx.ports["cold_out"].potential = 450_000.0
    run(hx, 1, 100)
    assert hx.leak_kg_s == pytest.approx(-orifice, rel=1e-9)
    assert abs(hx.balances()["mass"].residual) < 1e-12
    assert abs(hx.balances()["energy"].residual) < 1e-9


def test_a_saved_exchanger_goes_on_bit_for_bit():
    one = exchanger()
    one.condition.air_share = 0.5
    at = run(one, 1)
    saved = one.save()
    run(one, 2, at)
    two = exchanger(warm=False)
    two.restore(saved)
    run(two, 2, at)
    assert two.signals() == one.signals()
    assert np.array_equal(two.hot_k, one.hot_k)
    assert two.balances() == one.balances()


@pytest.mark.parametrize("hot", [0.0, 2.5])
@pytest.mark.parametrize("cold", [0.0, 1e-9, 250.0])
def test_no_flow_and_far_too_much_stay_finite(hot, cold):
    hx = exchanger(warm=True)
    hx.site.cooling_water_k = 253.15
    hx.commanded_flow_kg_s.update(hot=hot, cold=cold)
    hx.condition.leak_diameter_m = 0.003
    run(hx, 0.3)
    assert all(math.isfinite(value) for value in hx.signals().values())
    energy = hx.balances()["energy"]
    assert abs(energy.came_in - energy.went_out - energy.stored) < 1e-6 + 1e-9 * abs(energy.came_in)
    assert abs(hx.balances()["mass"].residual) < 1e-12


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cells": 5}, r"hx1\.cells = 5 must be a whole number in \[10, 200\]; 20 is plenty"),
        ({"wall_j_k": 0.0}, r"hx1\.wall_j_k = 0 must be positive; give the data sheet's value in SI"),
        ({"hot_share": 1.0}, r"hx1\.hot_share = 1 must be in \[0.01, 0.99\]"),
        ({"gap_m": math.nan}, r"hx1\.gap_m = nan must be a finite number"),
        ({"gap_m": "wide"}, r"hx1\.gap_m = 'wide' must be a finite number"),
        ({"gap": 1.0}, r"plant\.parameters\.hx1\.gap: unknown parameter; did you mean 'gap_m'"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    plate = Nameplate(id="hx1", kind="heat_exchanger", conductance="15690 W/K")
    with pytest.raises(ValueError, match=message):
        HeatExchanger.build(plate, given, Site(Streams(1)))


def test_a_nameplate_builds_it():
    plate = Nameplate(id="hx1", kind="heat_exchanger", arrangement="parallel_flow", hot_inlet="70 degC", level="F0")
    made = HeatExchanger.build(plate, {"cells": 12}, Site(Streams(1)))
    made.start()
    assert made.parameters.cells == 12
    assert not made.parameters.counter_flow
    assert made.effectiveness == pytest.approx(effectiveness(1.5, 1.0, counter_flow=False))
    assert made.signals()["hot_inlet_temperature_k"] == pytest.approx(343.15)
