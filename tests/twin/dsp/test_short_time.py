"""Frames and the way back."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.oracles import spectra as oracle
from twin.dsp.short_time import istft, stft
from twin.dsp.windows import window


def test_a_frame_is_the_windowed_transform_of_its_stretch():
    x = np.random.default_rng(0).standard_normal((2, 100))
    frames = stft(x, 10.0, 16, 5, padded=False)
    values = window("hann", 16).values
    for i, start in enumerate(range(0, 85, 5)):
        expected = oracle.dft(x[1, start : start + 16] * values) * 2.0 / values.sum()
        expected[[0, -1]] *= 0.5
        np.testing.assert_allclose(frames.values[1, i], expected, atol=1e-12)
        assert frames.time_s[i] == pytest.approx((start + 8) / 10.0)
    assert frames.values.shape == (2, 17, 9)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 400),
    segment=st.integers(8, 70),
    part=st.sampled_from([2, 3, 4, 8]),
    name=st.sampled_from(["hann", "blackman", "rectangular", "blackman-harris"]),
)
def test_the_way_back_returns_the_signal(n, segment, part, name):
    x = np.random.default_rng(n).standard_normal((2, n))
    back = istft(stft(x, 1.0, segment, segment // part, window=name))
    np.testing.assert_allclose(back, x, atol=1e-12)


def test_not_padded_only_ends_without_weight_are_missing():
    x = np.random.default_rng(1).standard_normal(100)
    back = istft(stft(x, 1.0, 16, 8, padded=False))
    assert np.flatnonzero(np.isnan(back)).tolist() == [0, 96, 97, 98, 99]
    held = ~np.isnan(back)
    np.testing.assert_allclose(back[held], x[held], atol=1e-12)


def test_a_mask_takes_a_tone_out():
    t = np.arange(4000) / 1000.0
    low, high = np.cos(2 * np.pi * 50 * t), np.cos(2 * np.pi * 200 * t)
    frames = stft(low + high, 1000.0, 256)
    frames.values[:, frames.freq_hz > 125.0] = 0.0
    assert np.abs(istft(frames) - low)[300:-300].max() < 1e-3


def test_magnitude_is_amplitude_and_the_spectrogram_is_the_mean_density():
    t = np.arange(2048) / 256.0
    frames = stft(2.0 + 3.0 * np.cos(2 * np.pi * 32 * t), 256.0, 64, padded=False)
    assert frames.amplitude()[:, [0, 8]] == pytest.approx(np.array([[2.0, 3.0]] * len(frames.time_s)))
    x = np.random.default_rng(2).standard_normal(2000)
    _, expected = signal.welch(x, 8.0, nperseg=64, noverlap=48, detrend=False)
    np.testing.assert_allclose(stft(x, 8.0, 64, padded=False).density().mean(axis=0), expected, rtol=1e-9)


def test_an_event_shows_at_its_time():
    x = np.zeros(1000)
    x[500] = 1.0
    frames = stft(x, 100.0, 50, 5)
    assert frames.time_s[np.argmax(frames.amplitude().sum(axis=1))] == pytest.approx(5.0, abs=0.03)


def test_missing_readings_spoil_their_frames_and_no_other():
    x = np.random.default_rng(3).standard_normal((2, 200))
    x[0, 77], x[1, 33] = math.nan, math.inf
    frames = stft(x, 1.0, 20, 10, padded=False)
    for row, at in ((0, 77), (1, 33)):
        holds = [start <= at < start + 20 for start in range(0, 181, 10)]
        np.testing.assert_array_equal(np.isnan(frames.values[row]).all(axis=1), holds)
        np.testing.assert_array_equal(np.isnan(frames.values[row]).any(axis=1), holds)


def test_gaps_between_frames_are_refused():
    with pytest.raises(ValueError, match="window 'hann' with hop = 16 of 16 leaves gaps"):
        istft(stft(np.ones(100), 1.0, 16, 16))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hop": 0}, "hop = 0 between 1 and the segment"),
        ({"hop": 17}, "hop = 17 between"),
        ({"segment": 1}, "segment = 1 must be at least 2"),
        ({"segment": 101, "padded": False}, "segment = 101 must be between 2 and the length of the signal, 100"),
        ({"x": np.zeros(0)}, "samples on the last axis"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(change, words):
    with pytest.raises(ValueError, match=words):
        stft(**({"x": np.ones(100), "rate_hz": 1.0, "segment": 16} | change))
