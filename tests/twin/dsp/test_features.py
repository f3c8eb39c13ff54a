"""Time features: by definition, mergeable, blind to how samples arrive, honest about missing and silent ones."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.oracles import features as oracle
from twin.dsp.features import FeatureStream, time_features
from twin.dsp.kernels.features import BLOCK
from twin.dsp.moments import Moments

RNG = np.random.default_rng(5)
X = RNG.gamma(2.0, 1.5, 4000) - 2.0
WITH_HOLES = X.copy()
WITH_HOLES[::7] = np.nan
WITH_HOLES[: BLOCK + 9] = np.nan  # a whole block without a reading, first
SHAPES = ("crest", "shape", "impulse", "clearance", "skewness", "kurtosis")


def stream_of(x, level=0.0):
    stream = FeatureStream(level)
    stream.update(x)
    return stream


@pytest.mark.parametrize("x", [X, WITH_HOLES, X[:1000] + 1e4, X[:3]], ids=["plain", "holes", "offset", "three"])
def test_each_feature_is_what_its_definition_says(x):
    ours = time_features(x, level=0.3).as_dict()
    for name, value in oracle.time_features(x, level=0.3).items():
        rtol = 1e-7 if x[0] > 1e3 and name in ("skewness", "kurtosis") else 1e-12
        assert float(ours[name]) == pytest.approx(value, rel=rtol, abs=1e-13), name


def test_skewness_and_kurtosis_are_those_of_scipy():
    ours = time_features(X)
    assert float(ours.skewness) == pytest.approx(stats.skew(X), rel=1e-12)
    assert float(ours.kurtosis) == pytest.approx(stats.kurtosis(X, fisher=False), rel=1e-12)


def test_moments_and_features_agree():
    moments = Moments()
    moments.update(X)
    ours = time_features(X)
    for name in ("mean", "rms", "peak", "crest", "skewness", "kurtosis"):
        assert float(getattr(ours, name)) == pytest.approx(getattr(moments, name), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4000), max_size=9), st.sampled_from([X, WITH_HOLES]))
def test_any_split_gives_the_same_bits(cuts, x):
    split = FeatureStream(0.3)
    for start, stop in itertools.pairwise([0, *sorted(cuts), x.size]):
        split.update(x[start:stop])
        split.features()  # looking on the way changes nothing
    np.testing.assert_array_equal(split._state, stream_of(x, 0.3)._state)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 4000), st.sampled_from([X, WITH_HOLES]))
def test_merged_pieces_equal_the_whole(a, b, x):
    first, second = sorted((a, b))
    merged = stream_of(x[:first])
    merged.merge(stream_of(x[first:second]))
    merged.merge(stream_of(x[second:]))
    whole = stream_of(x).features(100.0).as_dict()
    for name, value in merged.features(100.0).as_dict().items():
        np.testing.assert_allclose(value, whole[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_stream_may_go_on_after_a_merge():
    merged = stream_of(X[:900])
    merged.merge(stream_of(X[900:1700]))
    merged.update(X[1700:])
    whole = stream_of(X).features().as_dict()
    for name, value in merged.features().as_dict().items():
        np.testing.assert_allclose(value, whole[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_channels_and_windows_are_rows_of_their_own():
    x = X.reshape(2, 4, 500)
    ours = time_features(x, 100.0)
    assert ours.rms.shape == (2, 4)
    assert float(ours.kurtosis[1, 2]) == float(time_features(x[1, 2]).kurtosis)


def test_a_sine_has_its_textbook_factors():
    sine = np.sin(2 * np.pi * np.arange(10000) / 100 + 0.1)
    ours = time_features(sine, rate_hz=1000.0)
    assert float(ours.crest) == pytest.approx(math.sqrt(2), rel=2e-3)
    assert float(ours.shape) == pytest.approx(math.pi / math.sqrt(8), rel=2e-3)
    assert float(ours.kurtosis) == pytest.approx(1.5, rel=1e-9)
    assert float(ours.crossings) == 200
    assert float(ours.crossings_per_s) == 20.0


@pytest.mark.parametrize(
    ("x", "level", "crossings"),
    [
        ([1.0, -1.0, 1.0], 0.0, 2),
        ([1.0, 0.0, -1.0], 0.0, 1),  # touching the level from above is no crossing, going below is
        ([-1.0, 0.0, -1.0], 0.0, 2),
        ([-1.0, np.nan, np.nan, 1.0], 0.0, 1),  # the gap itself is none
        ([np.nan, 3.0, 1.0, 3.0], 2.0, 2),
        ([5.0, 6.0], 0.0, 0),
    ],
)
def test_a_crossing_is_a_change_of_side(x, level, crossings):
    assert float(time_features(x, level=level).crossings) == crossings


def test_a_missing_reading_is_counted_and_takes_its_time():
    ours = time_features([1.0, np.nan, np.nan, -1.0], rate_hz=2.0)
    assert (float(ours.count), float(ours.nan_count)) == (2.0, 2.0)
    assert float(ours.crossings_per_s) == 0.5


@pytest.mark.parametrize("x", [[], [np.nan] * 5], ids=["empty", "all missing"])
def test_no_reading_has_no_features(x):
    ours = time_features(x, rate_hz=10.0).as_dict()
    assert float(ours.pop("count")) == 0.0
    assert float(ours.pop("nan_count")) == len(x)
    assert float(ours.pop("crossings")) == 0.0
    assert all(math.isnan(float(value)) for value in ours.values())


def test_silence_has_a_level_and_no_shape():
    ours = time_features(np.zeros(600)).as_dict()
    assert float(ours["rms"]) == 0.0
    assert all(math.isnan(float(ours[name])) for name in SHAPES)


def test_a_constant_has_no_kurtosis_and_crest_one():
    ours = time_features(np.full(600, 0.1))
    assert math.isnan(float(ours.kurtosis))
    assert float(ours.std) == 0.0
    assert float(ours.crest) == pytest.approx(1.0, rel=1e-12)


def test_an_infinite_reading_is_not_averaged_away():
    ours = time_features([1.0, np.inf, 2.0])
    assert math.isnan(float(ours.mean))
    assert math.isnan(float(ours.kurtosis))
    assert float(ours.peak) == math.inf


def test_streams_of_other_levels_do_not_merge():
    with pytest.raises(ValueError, match="levels 0 and 1 differ"):
        FeatureStream(0.0).merge(FeatureStream(1.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: time_features(3.0), "no axis of samples"),
        (lambda: time_features(X, rate_hz=0.0), "rate_hz = 0.0 must be positive"),
        (lambda: time_features(X, rate_hz=math.nan), "must be positive and finite"),
        (lambda: FeatureStream(math.inf), "level = inf must be finite"),
        (lambda: FeatureStream().update(X.reshape(2, -1)), "one line of samples"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
