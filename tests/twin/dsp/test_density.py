"""Averaged densities against sums from the book, against theory, and whatever the chunking."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.oracles import spectra as oracle
from twin.dsp.density import StreamingWelch, Welch, welch
from twin.dsp.windows import window


@pytest.mark.parametrize("detrend", ["none", "constant", "linear"])
@pytest.mark.parametrize(
    ("name", "segment", "overlap"), [("hann", 32, 0.5), ("flat-top", 25, 0.7), ("rectangular", 31, 0.0)]
)
def test_a_density_is_the_mean_periodogram(name, segment, overlap, detrend):
    x = np.random.default_rng(1).standard_normal((2, 3, 200)) + 0.02 * np.arange(200) + 5.0
    result = welch(x, 50.0, segment, window=name, overlap=overlap, detrend=detrend)
    hop = segment - int(overlap * segment)
    for i in np.ndindex(2, 3):
        expected, count = oracle.welch(x[i], 50.0, window(name, segment).values, hop, detrend)
        np.testing.assert_allclose(result.density[i], expected.real, rtol=1e-9, atol=1e-12)
        assert result.segments[i] == count
        assert result.effective_averages[i] == pytest.approx(
            oracle.effective_averages(window(name, segment).values, hop, np.ones(count))
        )


def test_a_segment_with_a_missing_reading_is_left_out_and_counted():
    x = np.random.default_rng(2).standard_normal((3, 400))
    x[0, 150] = math.nan
    x[2, 10:] = math.inf
    result = welch(x, 10.0, 40)
    values = window("hann", 40).values
    used = [not 150 - 40 < start <= 150 for start in range(0, 361, 20)]
    expected, count = oracle.welch(x[0], 10.0, values, 20)
    np.testing.assert_allclose(result.density[0], expected.real, rtol=1e-9)
    assert list(result.segments) == [count, 19, 0]
    assert list(result.skipped) == [2, 0, 19]
    assert result.effective_averages[0] == pytest.approx(oracle.effective_averages(values, 20, np.array(used, float)))
    assert np.isnan(result.density[2]).all()


def test_welch_equals_scipys():
    x = np.random.default_rng(0).standard_normal(10000)
    freq, density = signal.welch(x, 25600.0, "hann", 1000, 500, detrend="constant")
    ours = welch(x, 25600.0, 1000)
    np.testing.assert_allclose(ours.freq_hz, freq)
    np.testing.assert_allclose(ours.density, density, rtol=1e-9)


def test_relative_scatter_of_127_segments_is_0_0912():
    x = np.random.default_rng(0).standard_normal((16, 64 * 256))
    result = welch(x, 1.0, 256)
    assert result.segments[0] == 127
    assert 1.0 / math.sqrt(result.effective_averages[0]) == pytest.approx(0.09117, abs=5e-5)
    assert result.density[:, 2:-2].std() / result.density[:, 2:-2].mean() == pytest.approx(0.0912, rel=0.05)


@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
def test_the_confidence_interval_holds_the_truth_as_often_as_it_says(overlap):
    x = np.random.default_rng(3).standard_normal((200, 640))
    low, high = welch(x, 2.0, 64, overlap=overlap).interval(0.9)
    truth = np.ones(33)
    truth[-1] = 0.5  # no mirror image
    held = (low < truth) & (high > truth)
    assert held[:, 2:-2].mean() == pytest.approx(0.9, abs=0.02)
    # detrending takes bin 0 away; the last bin is real and scatters more
    assert held[:, -1].mean() == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize("name", ["hann", "blackman", "flat-top"])
def test_a_line_on_a_bin_shows_its_amplitude(name):
    x = 1.5 + 3.0 * np.cos(2 * np.pi * 8 / 64 * np.arange(640) + 1.0) + 0.5 * (-1.0) ** np.arange(640)
    result = welch(x, 64.0, 64, window=name, detrend="none")
    assert result.amplitude()[[0, 8, 32]] == pytest.approx([1.5, 3.0, 0.5])
    assert result.enbw_hz == result.window.enbw_bins


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 300), max_size=8), detrend=st.sampled_from(["none", "constant", "linear"]))
def test_chunking_changes_no_bit(cuts, detrend):
    x = np.random.default_rng(4).standard_normal((2, 300))
    x[1, 77] = math.nan
    whole, parts = (StreamingWelch(10.0, 16, 2, overlap=0.6, detrend=detrend, time_constant_s=3.0) for _ in range(2))
    whole.push(x)
    for piece in np.split(x, sorted(cuts), axis=1):
        parts.push(piece)
    _same(whole.result(), parts.result())


def _same(a: Welch, b: Welch):
    assert a.density.tobytes() == b.density.tobytes()
    assert a.effective_averages.tobytes() == b.effective_averages.tobytes()
    assert a.segments.tobytes() == b.segments.tobytes()
    assert a.skipped.tobytes() == b.skipped.tobytes()


def test_a_stream_of_equal_weights_is_the_record():
    x = np.random.default_rng(5).standard_normal((4, 1000)).astype(np.float32)
    stream = StreamingWelch(10.0, 100, 4)
    assert stream.push(x) == 19
    whole, ours = welch(x, 10.0, 100), stream.result()
    np.testing.assert_allclose(ours.density, whole.density, rtol=1e-12)
    np.testing.assert_allclose(ours.effective_averages, whole.effective_averages)


def test_exponential_averaging_forgets_with_its_time_constant():
    stream = StreamingWelch(100.0, 20, time_constant_s=0.5)
    t = np.arange(1000) / 100.0
    stream.push(2.0 * np.cos(2 * np.pi * 25 * t))
    before = stream.result()
    stream.push(np.zeros(50))
    stream.push(np.zeros(50))
    after = stream.result()
    # ten silent segments, one of them still half full; the weights of the past sum to all but nothing less
    keep = math.exp(-0.1 / 0.5)
    assert after.density[0, 5] / before.density[0, 5] == pytest.approx(keep**10, rel=0.25)
    weights = keep ** np.arange(int(after.segments[0]))
    expected = oracle.effective_averages(window("hann", 20).values, 10, weights)
    assert after.effective_averages[0] == pytest.approx(expected)


def test_a_stream_says_nothing_before_its_first_segment_and_after_a_reset():
    stream = StreamingWelch(10.0, 8)
    stream.push(np.ones(7))
    assert np.isnan(stream.result().density).all()
    stream.push(np.ones(9))
    assert not np.isnan(stream.result().density).any()
    stream.reset()
    assert stream.result().segments[0] == 0


@pytest.mark.slow_without_jit
def test_a_stream_allocates_nothing_that_stays_and_no_arrays_while_it_runs():
    stream = StreamingWelch(10.0, 4096, 16)
    block = np.random.default_rng(6).standard_normal((16, 10240))
    for _ in range(3):
        stream.push(block)
    tracemalloc.start()
    for _ in range(5):
        stream.push(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # one segment of one channel is 32 768 bytes; views and numbers are what is left
    assert peak < 16384


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate_hz": 0.0}, "rate_hz = 0.0 must be a positive number"),
        ({"rate_hz": math.nan}, "rate_hz = nan must be"),
        ({"segment": 1}, "segment = 1 must be at least 2"),
        ({"segment": 101}, "segment = 101 must be between 2 and the length of the signal, 100"),
        ({"overlap": 1.0}, "overlap = 1.0 must be at least 0 and below 1"),
        ({"detrend": "mean"}, "detrend = 'mean' must be one of none, constant, linear"),
        ({"x": np.zeros(0)}, "must be real, with samples"),
        ({"x": np.zeros(100, complex)}, "must be real"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(change, words):
    with pytest.raises(ValueError, match=words):
        welch(**({"x": np.zeros(100), "rate_hz": 1.0, "segment": 10} | change))


def test_a_constant_signal_has_no_power():
    assert welch(np.full(100, 3.0), 1.0, 10).density == pytest.approx(0.0, abs=1e-25)


def test_blocks_of_the_wrong_number_of_channels_are_refused():
    with pytest.raises(ValueError, match=r"block of shape \(3, 5\) must be \[2 channels, samples\]"):
        StreamingWelch(1.0, 8, 2).push(np.zeros((3, 5)))
