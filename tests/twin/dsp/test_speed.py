"""Speed without a tacho: right, with an honest uncertainty, or silent with a reason."""

import functools

import numpy as np
import pytest

from tests.oracles import orders as oracle
from twin.dsp.ridge import best_path
from twin.dsp.speed import track_speed

RATE = 6400.0
T, SPEED, REVS = oracle.run_up(4.0, RATE)
SHAFT = {1: 1.0, 2: 0.5, 3: 0.3, 4: 0.3}


def rms(x):
    return float(np.sqrt(np.mean(x**2)))


@functools.cache
def run_up_track(noise, seed):
    x = oracle.harmonics(REVS, SHAFT, noise, np.random.default_rng(seed))
    return track_speed(x, RATE, 8.0, 28.0, max_slope_hz_s=6.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("noise", [0.1, 1.0, 1.4])
def test_the_speed_of_a_run_up_is_met_to_0p2_percent_in_noise(noise, seed):
    track = run_up_track(noise, seed)
    assert track.reason is None
    assert rms(track.speed_hz / SPEED - 1.0) < 0.002
    assert np.ptp(track.revs - REVS) < 0.05
    assert track.speed_hz.size == track.revs.size == track.std_hz.size == REVS.size


def test_the_stated_uncertainty_is_the_error_that_is_made():
    scaled = [
        rms((run_up_track(noise, s).speed_hz - SPEED) / run_up_track(noise, s).std_hz)
        for noise in (1.0, 1.4)
        for s in (1, 2, 3)
    ]
    assert 0.5 < rms(np.array(scaled)) < 1.5


@pytest.mark.slow_without_jit
def test_a_gear_mesh_with_modulation_carries_the_speed_too():
    rng = np.random.default_rng(4)
    mesh = np.cos(2 * np.pi * 23 * REVS) * (1 + 0.3 * np.cos(2 * np.pi * REVS)) + oracle.harmonics(
        REVS, {46: 0.5}, 0.7, rng
    )
    track = track_speed(mesh, RATE, 8.0, 28.0, orders=(23.0, 46.0), max_slope_hz_s=6.0)
    assert track.reason is None
    assert track.orders_used == (23.0, 46.0)
    assert rms(track.speed_hz / SPEED - 1.0) < 0.002


def wave(mean_hz, swing, period_s):
    speed = mean_hz * (1.0 + swing * np.sin(2 * np.pi * T / period_s))
    revs = mean_hz * (T - swing * period_s / (2 * np.pi) * (np.cos(2 * np.pi * T / period_s) - 1.0))
    return speed, revs


def test_a_wandering_speed_is_followed():
    speed, revs = wave(20.0, 0.2, 4.0)
    x = oracle.harmonics(revs, SHAFT, 0.7, np.random.default_rng(5))
    track = track_speed(x, RATE, 14.0, 26.0, max_slope_hz_s=8.0)
    assert track.reason is None
    assert rms(track.speed_hz / speed - 1.0) < 0.002


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("orders", [(1.0,), (1.0, 2.0, 3.0, 4.0), (23.0, 46.0)])
def test_noise_alone_is_never_a_speed(orders):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        white = rng.standard_normal(T.size)
        for x in (white, np.cumsum(white), rng.standard_t(2, T.size)):
            track = track_speed(x, RATE, 8.0, 28.0, orders=orders, max_slope_hz_s=6.0)
            assert track.reason is not None
            assert track.speed_hz.size == track.revs.size == track.std_hz.size == 0


@pytest.mark.parametrize("period_s", [0.25, 1.0])
def test_a_speed_that_changes_too_fast_is_not_said(period_s):
    _, revs = wave(18.0, 0.2, period_s)
    x = oracle.harmonics(revs, SHAFT, 0.5, np.random.default_rng(6))
    for slope in (3.0, 150.0):
        assert track_speed(x, RATE, 8.0, 28.0, max_slope_hz_s=slope).reason is not None


def test_a_run_up_steeper_than_allowed_is_not_said():
    assert track_speed(
        oracle.harmonics(REVS, SHAFT, 0.5, np.random.default_rng(7)), RATE, 8.0, 28.0, max_slope_hz_s=1.0
    ).reason


STEADY = oracle.harmonics(20.0 * T, SHAFT, 0.5, np.random.default_rng(8))


@pytest.mark.parametrize(("low", "high"), [(7.0, 13.0), (26.0, 45.0)])
def test_a_range_without_the_speed_gives_no_half_or_double_speed(low, high):
    assert track_speed(STEADY, RATE, low, high, max_slope_hz_s=1.0).reason is not None


def test_half_and_double_the_speed_in_the_range_do_not_win():
    track = track_speed(STEADY, RATE, 6.0, 45.0, max_slope_hz_s=1.0)
    assert track.reason is None
    assert track.speed_hz == pytest.approx(np.full(T.size, 20.0), rel=0.005)


def test_a_single_line_is_not_taken_for_a_shaft_when_a_family_was_named():
    x = np.cos(2 * np.pi * 20.3 * T) + 0.5 * np.random.default_rng(9).standard_normal(T.size)
    assert track_speed(x, RATE, 14.0, 26.0, max_slope_hz_s=1.0).reason is not None


def test_two_shafts_in_the_range_are_ambiguous():
    x = STEADY + oracle.harmonics(14.3 * T, SHAFT, 0.5, np.random.default_rng(10))
    assert "ambiguous" in track_speed(x, RATE, 10.0, 26.0, max_slope_hz_s=1.0).reason


def test_the_best_path_is_the_best_of_all_paths():
    scores = np.random.default_rng(11).standard_normal((6, 7))
    path, score = best_path(scores, 2)
    assert score == pytest.approx(oracle.best_path_score(scores, 2))
    assert np.max(np.abs(np.diff(path))) <= 2
    assert np.mean(scores[np.arange(6), path]) == pytest.approx(score)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"low_hz": 0.0}, "a shaft at rest has no lines"),
        ({"low_hz": -5.0}, "must be positive and rise"),
        ({"low_hz": np.nan}, "must be positive and rise"),
        ({"high_hz": 8.0}, "must be positive and rise"),
        ({"rate_hz": -1.0}, "rate_hz = -1"),
        ({"rate_hz": 200.0}, "1/2.56 of the sample rate"),
        ({"orders": (1.0, 1.0)}, "positive and different"),
        ({"max_slope_hz_s": 0.0}, "max_slope_hz_s = 0"),
        ({"x": np.ones(1000)}, "constant"),
        ({"x": np.empty(0)}, "empty"),
        ({"x": np.where(np.arange(T.size) == 5, np.nan, STEADY)}, "NaN"),
        ({"x": STEADY[:3000]}, "too short"),
    ],
)
def test_bad_input_is_named(change, says):
    call = {"x": STEADY, "rate_hz": RATE, "low_hz": 8.0, "high_hz": 28.0, "max_slope_hz_s": 6.0} | change
    x, rate, low, high = (call.pop(name) for name in ("x", "rate_hz", "low_hz", "high_hz"))
    with pytest.raises(ValueError, match=says):
        track_speed(x, rate, low, high, **call)
