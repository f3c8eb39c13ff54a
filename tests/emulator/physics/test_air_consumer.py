"""Consumers: the profile of the day, what pressure does to them, their leak, their accounts."""

import itertools
import math

import numpy as np
import pytest

from emulator.physics import air
from emulator.physics.air_consumer import AirConsumer, AirConsumerParameters
from emulator.physics.air_receiver import AirReceiver, AirReceiverParameters
from emulator.physics.ports import Junction
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.assets.air_consumer import SHIFTS
from rigs.assets.air_consumer import AirConsumer as Nameplate

TICK_NS = 10_000_000


def consumer(seed=1, **given):
    return AirConsumer(AirConsumerParameters(**given), Site(Streams(seed), pressure_pa=1e5), "c1")


def test_the_day_has_its_shape():
    made = consumer(start_hour=0.0)
    hour = 3600 * 1_000_000_000
    assert made.share_at(3 * hour) == pytest.approx(0.10)
    assert made.share_at(7 * hour) == 1.0
    assert made.share_at(6 * hour + hour // 2) == pytest.approx(0.5 * (0.85 + 1.0))
    assert made.share_at(25 * hour) == made.share_at(hour)


@pytest.mark.parametrize("regulated", [0.0, 0.5, 1.0])
def test_demand_is_met_at_rated_pressure_and_less_below(regulated):
    made = consumer(scatter=0.0, regulated=regulated, start_hour=7.0, profile=(1.0,) * 24)
    flows = []
    for gauge in (0.0, 2e5, 5.5e5, 7e5, 9e5):
        made.ports["air"].potential = 1e5 + gauge
        made.tick(0)
        flows.append(made.flow_kg_s)
    assert flows[0] == 0.0
    assert flows[3] == pytest.approx(0.08, rel=1e-12)
    assert all(b >= a for a, b in itertools.pairwise(flows))
    # open nozzles follow the absolute pressure, regulators keep theirs
    assert flows[4] == pytest.approx(0.08 * (regulated + (1.0 - regulated) * 10.0 / 8.0), rel=1e-3)


def test_scatter_has_the_deviation_asked_for_and_depends_on_the_seed():
    def run(seed):
        made = consumer(seed, scatter=0.1, scatter_s=20.0, profile=(1.0,) * 24)
        values = []
        for i in range(4000):
            made.tick(i * 100 * TICK_NS)
            values.append(made.demand_kg_s / 0.08)
        return np.array(values)

    runs = [run(seed) for seed in (1, 2, 3)]
    for values in runs:
        # 4000 s of τ = 20 s: about 100 independent values, ±3 standard errors of the deviation
        assert values.std() == pytest.approx(0.1, rel=0.25)
        assert values.mean() == pytest.approx(1.0, abs=0.035)
    assert not np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[0], run(1))


def test_a_leak_goes_on_while_nobody_works_until_the_valve_is_shut():
    made = consumer(profile=(0.0,) * 24)
    made.condition.leak_diameter_m = 0.005
    made.tick(0)
    assert made.flow_kg_s == 0.0
    assert made.leak_kg_s == pytest.approx(air.leak_flow_kg_s(0.005, 8e5, 293.15, 1e5))
    made.commands()["open"](0.0)
    made.tick(TICK_NS)
    assert made.signals()["flow_kg_s"] == 0.0
    assert made.signals()["gauge_pressure_pa"] == 0.0


def test_what_the_net_gives_is_what_consumers_take():
    made = consumer()
    store = AirReceiver(AirReceiverParameters(), made.site, "v1")
    store.ports["air"].joined = made.ports["air"].joined = True
    junction = Junction(store.ports["air"], [made.ports["air"]])
    for i in range(3000):
        junction.exchange()
        store.tick(i * TICK_NS)
        made.tick(i * TICK_NS)
    taken = made.balances()["mass"]
    assert taken.came_in == pytest.approx(store.balances()["mass"].went_out, rel=1e-12)
    assert taken.came_in > 1.0
    assert abs(taken.residual) < 1e-12


def test_a_saved_consumer_goes_on_bit_for_bit():
    one, two = consumer(), consumer()
    for i in range(250):
        one.tick(i * TICK_NS)
    two.restore(one.save())
    for i in range(250, 500):
        one.tick(i * TICK_NS)
        two.tick(i * TICK_NS)
    assert one.signals() == two.signals()
    assert one.balances() == two.balances()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"regulated": 1.5}, r"c1\.regulated = 1\.5 must be a share in \[0, 1\]"),
        ({"flow_kg_s": -1.0}, r"c1\.flow_kg_s = -1\.0 must be 0 or above"),
        ({"start_hour": 24.0}, r"c1\.start_hour = 24\.0 must be an hour of the day"),
        ({"flow": 1.0}, r"plant\.parameters\.c1\.flow: unknown parameter"),
    ],
)
def test_impossible_parameters_are_refused_by_name(given, message):
    with pytest.raises(ValueError, match=message):
        AirConsumer.build(Nameplate(id="c1", kind="air_consumer"), given, Site(Streams(1)))


def test_a_nameplate_builds_it():
    plate = Nameplate(id="c1", kind="air_consumer", flow="3 m^3/min", start_of_run="2 h", day_profile=[0.5] * 24)
    made = AirConsumer.build(plate, {}, Site(Streams(1)))
    assert made.parameters.start_hour == 2.0
    assert made.parameters.flow_kg_s == pytest.approx(0.05 * 101_325 / (air.R_AIR * 293.15))
    assert made.share_at(0) == 0.5
    assert Nameplate(id="c2", kind="air_consumer").day_profile == SHIFTS
    assert math.isfinite(made.parameters.drop_pa)
