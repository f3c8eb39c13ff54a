"""Edges, their repair, and the phase."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import orders as oracle
from twin.dsp.tacho import PulseDetector, pulse_levels, repair_pulses, shaft_phase

RATE = 12800.0
T, SPEED, REVS = oracle.run_up(4.0, RATE)


def key_phase(revs, rng, noise=0.05):
    away = (revs + 0.5) % 1.0 - 0.5
    return 5.0 * np.exp(-0.5 * (away / 0.01) ** 2) + noise * rng.standard_normal(revs.size)


def edges_at(numbers):
    """Sample positions at which the run-up passes given angles."""
    slope = 15.0 / 4.0
    return (np.sqrt(SPEED[0] ** 2 + 2.0 * slope * np.asarray(numbers)) - SPEED[0]) / slope * RATE


@pytest.mark.parametrize("falling", [False, True])
def test_edges_are_those_of_the_book(falling):
    x = key_phase(REVS[:20000], np.random.default_rng(1))
    x[5000:5010] = np.nan
    low, high = pulse_levels(x)
    found = PulseDetector(low, high, falling=falling).process(x)
    wanted = oracle.rising_edges(-x, -high, -low) if falling else oracle.rising_edges(x, low, high)
    assert found.size > 15
    np.testing.assert_allclose(found, wanted, atol=1e-9)


NOISY = np.random.default_rng(3).standard_normal(500)
NOISY[::41] = np.nan


@given(cuts=st.lists(st.integers(0, 500), max_size=10))
@settings(max_examples=50, deadline=None)
def test_any_chunking_finds_the_same_edges(cuts):
    wanted = PulseDetector(-0.5, 0.5).process(NOISY)
    detector = PulseDetector(-0.5, 0.5)
    edges = [0, *sorted(cuts), 500]
    found = [detector.process(NOISY[a:b]) for a, b in pairwise(edges)]
    assert np.concatenate(found).tobytes() == wanted.tobytes()


def test_noise_within_the_hysteresis_makes_no_second_edge():
    x = key_phase(REVS, np.random.default_rng(1), noise=0.3)
    assert PulseDetector(*pulse_levels(x)).process(x).size == 70


def test_an_edge_inside_nan_has_no_instant():
    x = np.array([0.0, 0.0, np.nan, 1.0, 1.0, 0.0, 1.0])
    assert PulseDetector(0.3, 0.7).process(x) == pytest.approx([5.7])


def test_missing_pulses_are_counted_and_named():
    edges = edges_at(np.arange(1, 60))
    pulses = repair_pulses(np.delete(edges, [20, 21, 40]))
    assert pulses.lost is None
    assert pulses.index[-1] == 58
    np.testing.assert_allclose(pulses.missing, edges[[19, 39]])


def test_extra_pulses_and_bounces_are_struck_out():
    edges = edges_at(np.arange(1, 60))
    spurious = [0.7 * edges[10] + 0.3 * edges[11], edges[30] + 5.0]
    pulses = repair_pulses(np.sort(np.concatenate([edges, spurious])))
    assert pulses.lost is None
    np.testing.assert_allclose(pulses.extra, spurious)
    np.testing.assert_allclose(pulses.edges, edges)


def test_clean_pulses_are_left_alone():
    pulses = repair_pulses(edges_at(np.arange(1, 60)))
    assert pulses.missing.size == pulses.extra.size == 0
    assert np.array_equal(pulses.index, np.arange(59))


@pytest.mark.parametrize("pulses_per_rev", [1, 60])
def test_the_phase_of_a_run_up_is_met_between_the_pulses(pulses_per_rev):
    edges = edges_at(np.arange(1, int(REVS[-1] * pulses_per_rev)) / pulses_per_rev)
    phase = shaft_phase(repair_pulses(edges), RATE, pulses_per_rev)
    part = slice(phase.offset, phase.offset + phase.revs.size)
    assert phase.reason is None
    np.testing.assert_allclose(phase.revs, REVS[part] - 1.0 / pulses_per_rev, atol=2e-5)
    np.testing.assert_allclose(phase.speed_hz, SPEED[part], rtol=2e-3)


def test_the_phase_is_continuous_over_missing_pulses():
    edges = edges_at(np.arange(1, 60))
    phase = shaft_phase(repair_pulses(np.delete(edges, [30, 31])), RATE)
    np.testing.assert_allclose(np.diff(phase.revs), phase.speed_hz[1:] / RATE, rtol=2e-3)
    np.testing.assert_allclose(phase.revs, REVS[phase.offset : phase.offset + phase.revs.size] - 1.0, atol=1e-4)


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        (np.concatenate([edges_at(np.arange(1, 20)), edges_at(np.arange(1, 20)) + 64000.0]), "count is lost"),
        (np.sort(np.random.default_rng(1).uniform(0, 1e4, 50)), "count is lost"),
        (edges_at([1, 2, 3]), "at least 4"),
    ],
)
def test_where_the_count_is_lost_there_is_no_phase_but_a_reason(edges, says):
    phase = shaft_phase(repair_pulses(edges), RATE)
    assert says in phase.reason
    assert phase.revs.size == phase.speed_hz.size == 0


def test_a_speed_that_changes_too_fast_for_the_pulses_is_not_drawn_backwards():
    gaps = np.array([100.0, 100, 125, 100, 80, 100, 129, 78, 100])
    edges = np.cumsum(np.concatenate([gaps, 100 - 100 * np.linspace(0, 1, 30) ** 0.2 + 0.5]))
    phase = shaft_phase(repair_pulses(edges), RATE)
    assert phase.reason is not None or phase.speed_hz.min() > 0.0


@pytest.mark.parametrize("x", [np.full(100, 2.0), np.full(100, np.nan)])
def test_a_dead_tacho_has_no_levels(x):
    with pytest.raises(ValueError, match="tacho signal"):
        pulse_levels(x)


def test_wrong_levels_edges_and_rates_are_refused():
    with pytest.raises(ValueError, match="low below high"):
        PulseDetector(1.0, 1.0)
    with pytest.raises(ValueError, match="finite and rise"):
        repair_pulses(np.array([1.0, 3.0, 2.0, 4.0]))
    with pytest.raises(ValueError, match="rate_hz = 0"):
        shaft_phase(repair_pulses(np.arange(10.0)), 0.0)
    with pytest.raises(ValueError, match="pulses_per_rev = -1"):
        shaft_phase(repair_pulses(np.arange(10.0)), RATE, -1.0)
