"""Space vectors and symmetrical components."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import motor as oracle
from twin.dsp.sequence import SequenceMeter, park_modulus, sequences, space_vector

RATE = 2000.0
T = np.arange(2000) / RATE
NEGATIVE = 0.6 * np.exp(0.7j)
CURRENT = oracle.unbalanced(T, 50.2, 10.0 * np.exp(0.3j), NEGATIVE, 0.2)


def test_a_balanced_set_turns_with_its_peak_value():
    np.testing.assert_allclose(space_vector(oracle.unbalanced(T, 50.0, 7.0)), 7.0 * np.exp(2j * np.pi * 50.0 * T))


def test_the_modulus_beats_with_the_negative_sequence():
    modulus = park_modulus(CURRENT)
    assert modulus.max() - modulus.min() == pytest.approx(2 * 0.6, rel=1e-3)


def test_a_missing_reading_is_missing_in_the_vector():
    current = CURRENT.copy()
    current[1, 7] = np.nan
    assert np.flatnonzero(np.isnan(space_vector(current))).tolist() == [7]


def test_components_are_those_that_were_put_in():
    found = sequences(CURRENT, RATE, 50.2)
    assert abs(found.positive - 10.0 * np.exp(0.3j)) < 1e-3
    assert abs(found.negative - NEGATIVE) < 1e-3
    assert found.negative_share == pytest.approx(NEGATIVE / (10.0 * np.exp(0.3j)), abs=1e-4)
    assert found.zero_share == pytest.approx(0.02, rel=1e-2)


def test_components_equal_the_definition():
    one = sequences(CURRENT[:, :640], RATE, 50.2, max_segments=1)
    expected = oracle.components(CURRENT[:, :640], RATE, 50.2)
    np.testing.assert_allclose((one.positive, one.negative, one.zero), expected, atol=1e-9)


def test_the_standard_error_is_that_of_many_records():
    rng = np.random.default_rng(1)
    found = [sequences(CURRENT + 0.5 * rng.standard_normal(CURRENT.shape), RATE, 50.2) for _ in range(200)]
    spread = np.std([abs(one.negative_share) for one in found])
    assert np.mean([one.negative_share_std for one in found]) == pytest.approx(spread, rel=0.25)


def test_unbalance_after_nema_is_the_largest_deviation_from_the_mean():
    current = np.array([10.0, 9.0, 11.6])[:, None] * oracle.unbalanced(T, 50.0, 1.0)
    assert sequences(current, RATE, 50.0).nema_unbalance == pytest.approx(1.4 / 10.2, rel=1e-6)


@pytest.mark.parametrize(
    ("current", "supply_hz", "words"),
    [
        (CURRENT.T, 50.0, "transpose"),
        (CURRENT[:, :100], 50.0, "shorter than 4 periods"),
        (np.where(np.arange(2000) == 5, np.nan, CURRENT), 50.0, "not numbers"),
        (np.zeros((3, 2000)), 50.0, "no positive sequence"),
        (CURRENT, 1500.0, "between 0 and half of the rate"),
    ],
)
def test_what_has_no_sequences_is_refused(current, supply_hz, words):
    with pytest.raises(ValueError, match=words):
        sequences(current, RATE, supply_hz)


def rows_of(meter, current, cuts):
    edges = [0, *sorted(cuts), current.shape[1]]
    return np.concatenate([meter.process(current[:, a:b]) for a, b in itertools.pairwise(edges)])


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 700), max_size=6))
def test_chunking_changes_no_bit_of_a_stream(cuts):
    noisy = CURRENT[:, :700] + np.random.default_rng(0).standard_normal((3, 700))
    whole = SequenceMeter(RATE, 50.0, cycles=4).process(noisy)
    assert whole.shape == (2 * 700 // 160 - 1, 3)
    assert np.array_equal(rows_of(SequenceMeter(RATE, 50.0, cycles=4), noisy, cuts), whole)


def test_a_stream_shows_what_the_definition_says_window_by_window():
    rows = SequenceMeter(RATE, 50.0, cycles=4).process(CURRENT[:, :400])
    for k, row in enumerate(rows):
        expected = oracle.components(CURRENT[:, 80 * k : 80 * k + 160], RATE, 50.0)
        np.testing.assert_allclose(row, expected, atol=1e-9)


def test_a_missing_reading_spoils_only_its_own_windows():
    current = CURRENT[:, :800].copy()
    current[2, 330] = np.nan
    rows = SequenceMeter(RATE, 50.0, cycles=4).process(current)
    assert np.flatnonzero(np.isnan(rows[:, 0])).tolist() == [3, 4]
    assert np.isnan(rows[3:5]).all()


def test_a_reset_stream_begins_anew():
    meter = SequenceMeter(RATE, 50.0, cycles=4)
    first = meter.process(CURRENT[:, :333]).copy()
    meter.reset()
    assert np.array_equal(meter.process(CURRENT[:, :333]), first)
