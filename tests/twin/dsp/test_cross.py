"""Pairs of channels against sums from the book, and against chance."""

import math

import numpy as np
import pytest
from scipy import signal

from tests.oracles import spectra as oracle
from twin.dsp.cross import coherence_bias, coherence_threshold, cross_spectrum
from twin.dsp.windows import window


def test_cross_spectra_are_the_mean_of_conjugate_products():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 2, 200))
    x[0, 60] = math.nan
    y[0, 130] = math.nan
    pair = cross_spectrum(x, y, 10.0, 32, overlap=0.6)
    values = window("hann", 32).values
    for i in range(2):
        expected, count = oracle.welch(x[i], 10.0, values, 13, y=y[i])
        np.testing.assert_allclose(pair.density[i], expected, rtol=1e-9, atol=1e-14)
        assert pair.segments[i] == count
    assert pair.skipped[0] == 5
    seen = np.abs(pair.density[1]) ** 2 / (pair.x_density[1] * pair.y_density[1])
    np.testing.assert_allclose(pair.coherence()[1], seen)


def test_coherence_equals_scipys():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((3, 4000))
    y = signal.lfilter([1.0, 0.5], [1.0, -0.6], x) + rng.standard_normal(x.shape)
    expected = signal.coherence(x, y, 100.0, nperseg=256)[1]
    np.testing.assert_allclose(cross_spectrum(x, y, 100.0, 256).coherence(), expected, atol=1e-12)


def test_one_channel_pairs_with_every_other():
    x = np.random.default_rng(2).standard_normal((3, 500))
    pairs = cross_spectrum(x[0], x, 1.0, 64)
    np.testing.assert_allclose(pairs.coherence()[0], 1.0)
    assert pairs.density.shape == (3, 33)


@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_unrelated_channels_pass_the_threshold_at_the_stated_rate(rate):
    x, y = np.random.default_rng(3).standard_normal((2, 60, 64 * 20))
    pair = cross_spectrum(x, y, 1.0, 64)
    assert pair.significant(rate)[:, 2:-2].mean() == pytest.approx(rate, rel=0.3)


def test_the_threshold_is_the_books():
    assert coherence_threshold(20.0, 0.05) == pytest.approx(1.0 - 0.05 ** (1.0 / 19.0))
    assert coherence_threshold([1.0, 0.5]) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0])
def test_the_bias_of_coherence_is_the_stated_one(gain):
    x, noise = np.random.default_rng(4).standard_normal((2, 200, 64 * 8))
    pair = cross_spectrum(x, gain * x + noise, 1.0, 64, overlap=0.0)
    true = gain**2 / (gain**2 + 1.0)
    seen = pair.coherence()[:, 2:-2].mean()
    assert seen - true == pytest.approx(float(coherence_bias(true, 8.0)), abs=0.012)
    # clipped at 0, so that where there is none it stays a little above
    assert pair.unbiased_coherence()[:, 2:-2].mean() == pytest.approx(true, abs=0.03 if gain else 0.08)


def test_h1_is_right_with_noise_in_the_answer_and_h2_with_noise_in_the_cause():
    rng = np.random.default_rng(5)
    cause = rng.standard_normal(200_000)
    answer = signal.lfilter([0.5, 0.3], [1.0, -0.2], cause)
    freq, true = signal.freqz([0.5, 0.3], [1.0, -0.2], 65, fs=1.0, include_nyquist=True)
    noise = 0.5 * rng.standard_normal(cause.size)
    first = cross_spectrum(cause, answer + noise, 1.0, 128)
    second = cross_spectrum(cause + noise, answer, 1.0, 128)
    np.testing.assert_allclose(first.freq_hz, freq, atol=1e-12)
    assert np.abs(first.h1() / true - 1.0)[1:-1].max() < 0.12
    assert np.abs(second.h2() / true - 1.0)[1:-1].max() < 0.12
    assert np.abs(second.h1() / true)[1:-1].mean() == pytest.approx(0.8, abs=0.02)


def test_the_stated_error_of_a_transfer_function_is_its_scatter():
    x, noise = np.random.default_rng(6).standard_normal((2, 100, 64 * 30))
    pair = cross_spectrum(x, x + noise, 1.0, 64)
    error = np.abs(pair.h1()[:, 3:-3]) - 1.0
    assert error.std() == pytest.approx(np.median(pair.h_relative_std()[:, 3:-3]), rel=0.15)


def test_one_segment_is_coherent_with_nothing():
    x, y = np.random.default_rng(7).standard_normal((2, 64))
    pair = cross_spectrum(x, y, 1.0, 64)
    assert np.isnan(pair.coherence()).all()
    assert not pair.significant().any()


def test_a_dead_channel_is_coherent_with_nothing():
    x = np.random.default_rng(8).standard_normal(640)
    pair = cross_spectrum(x, np.full(640, 2.0), 1.0, 64)
    assert not pair.significant().any()
    assert np.isnan(cross_spectrum(np.zeros(640), x, 1.0, 64).h1()).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cross_spectrum(np.ones(10), np.ones(11), 1.0, 4), "x has 10 samples and y has 11"),
        (lambda: cross_spectrum(np.ones((2, 10)), np.ones((3, 10)), 1.0, 4), "do not pair"),
        (lambda: cross_spectrum(np.ones(10), np.ones(10), 1.0, 11), "segment = 11"),
        (lambda: coherence_threshold(10.0, 0.0), "false_alarm_rate = 0.0"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(call, words):
    with pytest.raises(ValueError, match=words):
        call()
