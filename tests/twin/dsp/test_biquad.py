"""Filters: equal to scipy, blind to how the samples arrive."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.oracles import dsp as oracle
from twin.dsp.biquad import BiquadCascade, band_pass, butterworth, high_pass

RATE = 25600.0
X = np.random.default_rng(3).standard_normal(3000)


def test_a_cascade_equals_scipy_to_1e_12():
    sos = signal.butter(8, [200.0, 4000.0], "bandpass", fs=RATE, output="sos")
    ours = BiquadCascade(sos).process(X, np.empty_like(X))
    np.testing.assert_allclose(ours, signal.sosfilt(sos, X), rtol=0, atol=1e-12)


def test_a_cascade_equals_the_difference_equation():
    sos = band_pass(RATE, 100.0, 3000.0)
    np.testing.assert_allclose(
        BiquadCascade(sos).process(X[:500], np.empty(500)),
        oracle.biquad_cascade(sos, X[:500]),
        rtol=0,
        atol=1e-11,
    )


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("high", [False, True])
def test_the_butterworth_design_has_scipys_response(order, high):
    ours = butterworth(order, 700.0, RATE, high=high)
    theirs = signal.butter(order, 700.0, "high" if high else "low", fs=RATE, output="sos")
    freq = np.geomspace(5.0, 12000.0, 200)
    response = signal.sosfreqz(ours, freq, fs=RATE)[1]
    np.testing.assert_allclose(response, signal.sosfreqz(theirs, freq, fs=RATE)[1], rtol=1e-7, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=12))
def test_any_split_gives_the_same_bits(cuts):
    sos = band_pass(RATE, 100.0, 3000.0)
    whole = BiquadCascade(sos).process(X, np.empty_like(X))
    pieces = BiquadCascade(sos)
    out = np.empty_like(X)
    edges = [0, *sorted(cuts), X.size]
    for start, stop in itertools.pairwise(edges):
        pieces.process(X[start:stop], out[start:stop])
    np.testing.assert_array_equal(out, whole)


def test_a_filter_may_write_over_its_input():
    sos = high_pass(RATE, 10.0)
    expected = BiquadCascade(sos).process(X, np.empty_like(X))
    same = X.copy()
    BiquadCascade(sos).process(same, same)
    np.testing.assert_array_equal(same, expected)


def test_a_constant_offset_leaves_no_transient_after_a_reset_to_it():
    removal = BiquadCascade(high_pass(RATE, 0.5))
    removal.reset(7.25)
    out = removal.process(np.full(1000, 7.25), np.empty(1000))
    assert np.max(np.abs(out)) < 1e-9


def test_a_cutoff_beyond_half_the_rate_is_refused():
    with pytest.raises(ValueError, match="half the sample rate"):
        high_pass(100.0, 50.0)
