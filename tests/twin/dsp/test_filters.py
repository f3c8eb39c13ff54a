"""Filters of many channels: equal to scipy, blind to how the samples arrive."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.oracles.pipeline import fir
from twin.dsp.biquad import band_pass, high_pass
from twin.dsp.filters import Decimator, FirFilter, SosFilter, kaiser_low_pass

RATE = 25600.0
SOS = signal.butter(8, [200.0, 4000.0], "bandpass", fs=RATE, output="sos")
X = np.random.default_rng(5).standard_normal((300, 18))


def pieces(cuts, x):
    return [x[start:stop] for start, stop in itertools.pairwise([0, *sorted(cuts), len(x)])]


@pytest.mark.parametrize("channels", [1, 16, 18])
@pytest.mark.parametrize("sections", [1, 2, 3, 8])
def test_a_cascade_equals_scipy_to_1e_12(channels, sections):
    x = X[:, :channels]
    ours = SosFilter(SOS[:sections], channels).process(x)
    np.testing.assert_allclose(ours, signal.sosfilt(SOS[:sections], x, axis=0), rtol=0, atol=1e-12)


def test_each_channel_may_have_its_own_filter():
    designs = np.stack([band_pass(RATE, 100.0 * (c + 1), 6000.0) for c in range(18)])
    ours = SosFilter(designs, 18).process(X)
    for c in (0, 7, 17):
        np.testing.assert_allclose(ours[:, c], signal.sosfilt(designs[c], X[:, c]), rtol=0, atol=1e-11)


def test_single_precision_is_as_good_as_the_samples_are():
    ours = SosFilter(SOS, 18, np.float32).process(X)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, signal.sosfilt(SOS, X, axis=0), rtol=0, atol=2e-5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=8), st.sampled_from([np.float32, np.float64]))
def test_any_split_gives_the_same_bits(cuts, dtype):
    whole = SosFilter(SOS, 18, dtype).process(X)
    split = SosFilter(SOS, 18, dtype)
    np.testing.assert_array_equal(np.concatenate([split.process(piece) for piece in pieces(cuts, X)]), whole)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=8), st.integers(1, 9), st.integers(1, 40))
def test_any_split_of_a_decimating_fir_gives_the_same_bits(cuts, factor, count):
    taps = np.random.default_rng(count).standard_normal(count)
    whole = FirFilter(taps, 18, factor=factor).process(X)
    split = FirFilter(taps, 18, factor=factor)
    np.testing.assert_array_equal(np.concatenate([split.process(piece) for piece in pieces(cuts, X)]), whole)


@pytest.mark.parametrize("factor", [1, 2, 5])
def test_a_fir_is_the_convolution_sum(factor):
    taps = kaiser_low_pass(0.05, 0.15, 60.0)
    ours = FirFilter(taps, factor=factor).process(X[:, 0])
    np.testing.assert_allclose(ours, fir(taps, X[:, 0])[factor - 1 :: factor], rtol=0, atol=1e-13)


def test_a_settled_high_pass_shows_no_step():
    filtered = SosFilter(high_pass(RATE, 10.0), 18)
    filtered.reset(np.arange(18.0))
    np.testing.assert_allclose(filtered.process(np.tile(np.arange(18.0), (50, 1))), 0.0, atol=1e-9)


def test_a_filter_may_write_over_its_input():
    expected = SosFilter(SOS, 18).process(X)
    same = X.copy()
    assert SosFilter(SOS, 18).process(same, same) is same
    np.testing.assert_array_equal(same, expected)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("factor", [2, 3, 8, 10, 25, 64])
def test_decimation_is_flat_to_0_4_and_deaf_from_half_the_rate(factor):
    n = 1500 * factor
    t = np.arange(n) / factor  # in samples of the rate that comes out

    def gain_db(f):
        decimator = Decimator(factor, 1)
        y = decimator.process(np.sin(2.0 * math.pi * f * t))[300:]
        return 20.0 * math.log10(math.sqrt(2.0 * float(np.mean(y**2))) + 1e-30)

    for f in (0.01, 0.2, 0.39, 0.4):
        assert abs(gain_db(f)) < 0.05
    for f in (0.5, 0.55, 0.7, 0.97, 1.003, 1.61, 2.9):
        if f < 0.5 * factor:
            assert gain_db(f) < -80.0


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("factor", [5, 12])
def test_the_stated_delay_is_where_the_signal_is(factor):
    n = 400 * factor
    pulse = np.exp(-0.5 * ((np.arange(n) - 0.5 * n) / (6.0 * factor)) ** 2)
    decimator = Decimator(factor)
    y = decimator.process(pulse)
    m = np.arange(y.size)
    centre = float((m * y).sum() / y.sum())
    assert (centre + 1) * factor - 1 - decimator.delay_samples == pytest.approx(0.5 * n, abs=0.02)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=8))
def test_any_split_of_a_decimation_gives_the_same_bits(cuts):
    whole = Decimator(12, 18, np.float32).process(X)
    split = Decimator(12, 18, np.float32)
    np.testing.assert_array_equal(np.concatenate([split.process(piece) for piece in pieces(cuts, X)]), whole)


def test_nan_stays_visible():
    x = X.copy()
    x[100, 3] = np.nan
    out = SosFilter(SOS, 18).process(x)
    assert np.isnan(out[100:, 3]).all()
    assert np.isfinite(np.delete(out, 3, axis=1)).all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SosFilter(np.ones((2, 5))), r"sos of shape \(1, 2, 5\) must be \[sections, 6\]"),
        (lambda: SosFilter(np.array([[1.0, 0, 0, 2.0, 0, 0]])), "normalised to a0 = 1"),
        (lambda: SosFilter(np.array([[1.0, 0, 0, 1.0, -2.1, 1.2]])), "must be stable"),
        (lambda: SosFilter(SOS, 0), "channels = 0 must be 1 or more"),
        (lambda: SosFilter(SOS, 1, np.int16), "dtype int16 must be float32 or float64"),
        (lambda: SosFilter(SOS, 2).process(X), r"block of shape \(300, 18\) must be \[samples, 2\]"),
        (lambda: FirFilter(np.array([])), "must be one finite row"),
        (lambda: FirFilter(np.ones(3), factor=0), "factor = 0 must be 1 or more"),
        (lambda: Decimator(1), "factor = 1 must be 2 or more"),
        (lambda: Decimator(74), "holds the prime 37; choose a neighbour"),
        (lambda: kaiser_low_pass(0.2, 0.1, 80.0), "edges 0.2 and 0.1 must rise"),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(make, text):
    with pytest.raises(ValueError, match=text):
        make()
