"""Averages over turns."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import orders as oracle
from twin.dsp.tacho import repair_pulses, shaft_phase
from twin.dsp.tsa import SynchronousAverage, remove_synchronous, time_synchronous_average

NOISE = np.random.default_rng(1).standard_normal(64 * 50)
GAPS = np.where(np.arange(NOISE.size) % 37 == 0, np.nan, NOISE)


@pytest.mark.parametrize("x", [NOISE, GAPS])
def test_the_block_mean_is_that_of_the_book_and_skips_nan(x):
    averager = SynchronousAverage(64)
    averager.update(x)
    np.testing.assert_allclose(averager.average().values, oracle.turn_mean(x, 64), atol=1e-12)


def test_the_exponential_mean_is_that_of_the_book():
    averager = SynchronousAverage(64, weight=0.1)
    averager.update(NOISE)
    np.testing.assert_allclose(averager.average().values, oracle.exponential_mean(NOISE, 64, 0.1), atol=1e-12)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("turns", [16, 100, 400])
def test_asynchronous_noise_falls_with_the_root_of_the_turns_to_5_percent(turns, seed):
    x = 2.0 * np.random.default_rng(seed).standard_normal(2048 * turns)
    averager = SynchronousAverage(2048)
    averager.update(x)
    average = averager.average()
    assert average.turns == turns
    assert average.effective_averages == pytest.approx(turns)
    assert np.std(average.values) == pytest.approx(2.0 / np.sqrt(turns), rel=0.05)
    assert average.asynchronous_rms == pytest.approx(2.0, rel=0.02)
    assert average.residual_rms == pytest.approx(2.0 / np.sqrt(turns), rel=0.02)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_effective_number_of_an_exponential_mean_is_met(seed):
    averager = SynchronousAverage(2048, weight=0.05)
    averager.update(np.random.default_rng(seed).standard_normal(2048 * 200))
    average = averager.average()
    assert average.effective_averages == pytest.approx(2.0 / 0.05 - 1.0, rel=1e-3)
    assert np.std(average.values) == pytest.approx(1.0 / np.sqrt(39.0), rel=0.05)
    assert average.asynchronous_rms == pytest.approx(1.0, rel=0.03)


@given(cuts=st.lists(st.integers(0, GAPS.size), max_size=8), weight=st.sampled_from([0.0, 0.2]))
@settings(max_examples=30, deadline=None)
def test_any_chunking_gives_the_same_bits(cuts, weight):
    whole = SynchronousAverage(64, weight=weight)
    whole.update(GAPS)
    parts = SynchronousAverage(64, weight=weight)
    edges = [0, *sorted(cuts), GAPS.size]
    for a, b in pairwise(edges):
        parts.update(GAPS[a:b])
    assert parts.average().values.tobytes() == whole.average().values.tobytes()


def test_a_turn_is_averaged_in_a_run_up_from_its_pulse_to_a_fraction_of_a_sample():
    rate = 12800.0
    _, _, revs = oracle.run_up(4.0, rate)
    rng = np.random.default_rng(4)
    turn = lambda angle: np.cos(2 * np.pi * angle) + 0.4 * np.cos(2 * np.pi * 12 * angle + 1.0)  # noqa: E731 - one formula used twice
    x = turn(revs) + 0.5 * rng.standard_normal(revs.size)
    slope = 15.0 / 4.0
    edges = (np.sqrt(100.0 + 2.0 * slope * np.arange(1, 70)) - 10.0) / slope * rate
    phase = shaft_phase(repair_pulses(edges), rate)
    part = slice(phase.offset, phase.offset + phase.revs.size)
    average = time_synchronous_average(x[part], phase.revs, 256)
    assert average.turns == 67
    error = average.values - turn(np.arange(256) / 256)
    assert np.std(error) < 1.1 * average.residual_rms
    assert abs(np.mean(error * np.sin(2 * np.pi * 12 * np.arange(256) / 256))) < 0.02


def test_the_mate_of_a_gear_is_averaged_by_its_ratio():
    revs = np.arange(40000) * 0.005
    x = np.cos(2 * np.pi * 5 * revs * 23 / 67) + np.cos(2 * np.pi * 3 * revs)
    average = time_synchronous_average(x, revs, 128, ratio=23 / 67)
    np.testing.assert_allclose(average.values, np.cos(2 * np.pi * 5 * np.arange(128) / 128), atol=0.05)


def test_what_is_left_has_no_synchronous_part():
    turn = np.cos(2 * np.pi * np.arange(64) / 64)
    x = np.tile(turn, 50) + NOISE
    averager = SynchronousAverage(64)
    averager.update(x)
    left = remove_synchronous(x[10:], averager.average(), first=10)
    np.testing.assert_allclose(left, (NOISE - np.tile(oracle.turn_mean(NOISE, 64), 50))[10:], atol=1e-12)


def test_before_any_turn_is_whole_nothing_is_known():
    averager = SynchronousAverage(64)
    averager.update(np.ones(10))
    average = averager.average()
    assert average.turns == 0
    assert np.isnan(average.values[10:]).all()
    assert np.isnan(average.residual_rms)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: SynchronousAverage(1), "at least 2"),
        (lambda: SynchronousAverage(64, weight=1.0), "must be in"),
        (lambda: time_synchronous_average(np.ones(100), np.linspace(0.5, 2.2, 100), 64), "holds 1 whole turns"),
        (lambda: time_synchronous_average(np.empty(0), np.empty(0), 64), "holds 0 whole turns"),
        (lambda: time_synchronous_average(np.ones(100), np.linspace(5, 0, 100), 64), "whole turns|backwards"),
        (lambda: time_synchronous_average(np.ones(100), np.full(100, np.nan), 64), "finite"),
        (lambda: time_synchronous_average(np.ones(100), np.arange(100.0), 64, ratio=0.0), "ratio = 0"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
