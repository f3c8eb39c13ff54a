import math

import numpy as np
import pytest

from emulator.physics.motor_protection import ThermalReplica, trip_time_s

TAU = 2400.0
BASE = 30.0


def test_the_published_trip_time():
    assert trip_time_s(TAU, 1.5, 0.8, 1.05) / 60.0 == pytest.approx(13.546, abs=5e-4)


@pytest.mark.parametrize("step", [0.01, 0.02, 1.0, 77.0])
def test_the_replica_trips_at_the_formula_s_instant_whatever_the_step(step):
    replica = ThermalReplica(1.05 * BASE, TAU, level=(0.8 / 1.05) ** 2)
    t = 0.0
    while (after := replica.advance(1.5 * BASE, step)) is None:
        t += step
    assert t + after == pytest.approx(trip_time_s(TAU, 1.5, 0.8, 1.05), abs=1e-5)


def test_the_limit_itself_never_trips():
    replica = ThermalReplica(1.05 * BASE, TAU)
    assert all(replica.advance(1.05 * BASE, 1000.0) is None for _ in range(30))
    assert trip_time_s(TAU, 1.05, 0.0, 1.05) == math.inf
    assert trip_time_s(TAU, 2.0, 1.1, 1.05) == 0.0


def test_it_cools_with_the_same_time_constant():
    replica = ThermalReplica(1.05 * BASE, TAU, level=0.9)
    replica.advance(0.0, TAU)
    assert replica.level == pytest.approx(0.9 / math.e)


def test_a_warm_start_takes_the_steady_level_of_its_first_current():
    replica = ThermalReplica(1.05 * BASE, TAU, level=np.nan)
    replica.advance(0.8 * BASE, 0.01)
    assert replica.level == pytest.approx((0.8 / 1.05) ** 2)
    replica = ThermalReplica(1.05 * BASE, TAU, level=np.nan)
    assert replica.advance(2.0 * BASE, 0.01) == 0.0


def test_without_a_limit_there_is_no_protection():
    replica = ThermalReplica(0.0)
    assert replica.advance(1e6, 1e6) is None
