"""One-pass features: equal to two passes, mergeable, honest about missing readings."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import dsp as oracle
from twin.dsp.moments import Moments

X = np.random.default_rng(1).gamma(2.0, 1.5, 4000) - 1.0


def of(x):
    moments = Moments()
    moments.update(np.ascontiguousarray(x))
    return moments


def test_one_pass_equals_two():
    expected = oracle.moments(X)
    for name, value in expected.items():
        assert getattr(of(X), name) == pytest.approx(value, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 4000))
def test_merged_pieces_equal_the_whole(a, b):
    first, second = sorted((a, b))
    merged = of(X[:first])
    merged.merge(of(X[first:second]))
    merged.merge(of(X[second:]))
    whole = of(X)
    np.testing.assert_allclose(merged.state, whole.state, rtol=1e-12, atol=1e-12)


def test_any_split_gives_the_same_bits():
    split = Moments()
    for start in range(0, X.size, 37):
        split.update(X[start : start + 37])
    np.testing.assert_array_equal(split.state, of(X).state)


def test_a_missing_reading_is_counted_and_not_averaged():
    with_holes = X.copy()
    with_holes[::10] = np.nan
    assert of(with_holes).nan_count == 400
    assert of(with_holes).mean == pytest.approx(oracle.moments(with_holes)["mean"], rel=1e-12)


def test_nothing_and_silence_have_no_shape():
    assert math.isnan(of(np.empty(0)).rms)
    assert math.isnan(of(np.zeros(10)).kurtosis)
    assert math.isnan(of(np.zeros(10)).crest)


def test_a_sine_has_crest_root_two_and_kurtosis_one_and_a_half():
    sine = np.sin(2 * np.pi * np.arange(10000) / 100)
    assert of(sine).crest == pytest.approx(math.sqrt(2), rel=1e-9)
    assert of(sine).kurtosis == pytest.approx(1.5, rel=1e-9)
