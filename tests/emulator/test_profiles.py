"""Random profiles: pure functions of (seed, t), with the statistics they promise."""

import math

import numpy as np
import pytest
from scipy import stats

from emulator.profiles import OrnsteinUhlenbeck, Steps, Stops
from emulator.streams import Streams


def noise(seed: int = 1, time_s: float = 600.0) -> OrnsteinUhlenbeck:
    return OrnsteinUhlenbeck(Streams(seed), "regime/noise", time_s)


@pytest.mark.slow_without_jit
def test_noise_asked_at_random_is_noise_asked_in_order():
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0.0, 40_000.0, 300))
    in_order = noise()
    values = {t: in_order(t) for t in times}
    fresh = noise()
    for t in rng.permutation(times):
        assert fresh(t) == values[t]


@pytest.mark.slow_without_jit
def test_the_noise_is_the_exact_recursion_across_its_knots_too():
    one = noise()
    x = np.array([one(float(t)) for t in range(20_000)])
    a = math.exp(-1.0 / 600.0)
    z = (x[1:] - a * x[:-1]) / math.sqrt(1.0 - a * a)
    # N = 20 000 innovations: standard normal, white, and no larger at the 39 knots (every 512 s).
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(np.mean(z[1:] * z[:-1])) < 3.5 / math.sqrt(20_000)
    at_knots = np.concatenate([z[511::512], z[512::512]])
    assert stats.kstest(at_knots, "norm").pvalue > 1e-3


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_has_unit_variance_and_the_covariance_of_ornstein_and_uhlenbeck(seed: int):
    # N = 1500 time constants per seed: the standard error of the variance is √(2/1500) ≈ 0.037.
    one = noise(seed)
    x = np.array([one(60.0 * k) for k in range(15_000)])
    assert np.var(x) == pytest.approx(1.0, abs=3.5 * 0.037)
    for lag in (5, 10, 20):  # in tenths of τ
        rho = np.mean(x[:-lag] * x[lag:]) / np.var(x)
        assert rho == pytest.approx(math.exp(-0.1 * lag), abs=0.09)


def test_steps_hold_and_change_about_as_often_as_they_say():
    streams = Streams(1)
    pieces = Steps(streams("when"), streams("what"), 100.0)
    values = np.array([pieces(float(t)) for t in range(20_000)])
    changes = np.flatnonzero(np.diff(values))
    assert len(changes) == pytest.approx(200, abs=2)
    assert np.diff(changes).min() >= 59
    assert np.diff(changes).max() <= 141
    assert pieces(0.0) == values[0]


@pytest.mark.parametrize("per_day", [2, 6, 20])
def test_a_machine_stops_as_often_a_day_as_it_is_told(per_day: int):
    stops = Stops(Streams(1)("stops"), per_day, 600.0)
    running = np.array([stops.running(10.0 * k) for k in range(5 * 8640)])
    assert int(np.sum(np.diff(running.astype(int)) == -1)) == 5 * per_day
    assert 0.5 * 600 < 10.0 * np.sum(~running) / (5 * per_day) < 1.5 * 600


def test_a_ramp_reaches_zero_at_the_stop_and_one_after_it():
    stops = Stops(Streams(1)("stops"), 4, 600.0, 120.0)
    begin, end = stops.stop(0)
    assert stops.ramp(begin - 60.0) == pytest.approx(0.5)
    assert stops.ramp(0.5 * (begin + end)) == 0.0
    assert stops.ramp(end + 30.0) == pytest.approx(0.25)
    assert stops.ramp(end + 200.0) == 1.0
    assert Stops(Streams(1)("stops"), 4, 600.0).ramp(begin) == 1.0
