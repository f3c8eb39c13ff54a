"""Delays to a part of a sample, and silence where there is nothing to say."""

import math

import numpy as np
import pytest

from twin.dsp.cross import cross_spectrum
from twin.dsp.delays import delay, gcc_phat

RATE = 1000.0


def late(x, samples):
    """X later by a part of samples, around a circle."""
    spectrum = np.fft.rfft(x)
    return np.fft.irfft(spectrum * np.exp(-2j * np.pi * np.fft.rfftfreq(x.size) * samples), x.size)


@pytest.mark.parametrize("samples", [0.0, 0.25, 3.3, -17.62, 200.4])
def test_a_delay_is_found_to_a_hundredth_of_a_sample(samples):
    x, noise = np.random.default_rng(0).standard_normal((2, 16384))
    result = delay(x, late(x, samples) + 0.3 * noise, RATE, 1024)
    assert result.delay_s * RATE == pytest.approx(samples, abs=0.01)
    assert result.coarse_s * RATE == pytest.approx(samples, abs=0.02)


def test_the_stated_error_is_the_scatter():
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(60):
        x, a, b = rng.standard_normal((3, 4096))
        result = delay(x + a, late(x, 2.6) + b, RATE, 256)
        errors.append((result.delay_s - 2.6 / RATE) / result.std_s)
    assert np.std(errors) == pytest.approx(1.0, abs=0.3)


def test_unrelated_channels_have_no_delay():
    rng = np.random.default_rng(2)
    results = [delay(*rng.standard_normal((2, 4096)), RATE, 512, false_alarm_rate=0.01) for _ in range(60)]
    assert all(math.isnan(r.delay_s) for r in results)


def test_only_the_band_asked_for_counts():
    rng = np.random.default_rng(3)
    x, other = rng.standard_normal((2, 16384))
    low = np.fft.rfftfreq(x.size) < 0.1
    spectrum = np.where(low, np.fft.rfft(late(x, 5.5)), np.fft.rfft(other))
    result = delay(x, np.fft.irfft(spectrum), RATE, 1024, band_hz=(0.0, 90.0))
    assert result.delay_s * RATE == pytest.approx(5.5, abs=0.01)
    assert result.band_hz[1] <= 90.0
    assert math.isnan(delay(x, np.fft.irfft(spectrum), RATE, 1024, band_hz=(150.0, 400.0)).delay_s)


def test_turned_polarity_is_no_delay():
    x = np.random.default_rng(4).standard_normal(8192)
    assert delay(x, -late(x, 1.5), RATE, 512).delay_s * RATE == pytest.approx(1.5, abs=1e-3)


def test_the_correlation_of_a_pure_delay_peaks_at_1():
    x = np.random.default_rng(5).standard_normal(16384)
    lags, curve = gcc_phat(cross_spectrum(x, late(x, 7.0), RATE, 1024))
    assert curve.max() == pytest.approx(1.0, abs=0.01)
    assert lags[np.argmax(curve)] == pytest.approx(7.0 / RATE)


def test_a_missing_reading_costs_its_segments_only():
    x = np.random.default_rng(6).standard_normal(8192)
    y = late(x, 3.25)
    y[1000] = math.nan
    assert delay(x, y, RATE, 512).delay_s * RATE == pytest.approx(3.25, abs=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: delay(np.ones(100), np.ones(100), RATE, 60), "at most half the signal, 100"),
        (lambda: delay(np.ones((2, 100)), np.ones(100), RATE, 10), "single channels"),
        (lambda: delay(np.ones(100), np.ones(100), RATE, 10, band_hz=(5.0, 5.0)), "two rising frequencies"),
        (lambda: gcc_phat(cross_spectrum(np.ones((2, 99)), np.ones(99), RATE, 9)), "one pair at a time"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_slope_of_the_phase_weighs_bins_by_their_coherence_which_the_peak_does_not():
    rng = np.random.default_rng(7)
    slope, peak = [], []
    for _ in range(30):
        x, a, b = rng.standard_normal((3, 8192))
        # high frequencies drown: they pass the threshold, and say little
        x = np.convolve(x, [1.0, 0.9, 0.5], "same")
        result = delay(x + a, late(x, 4.4) + b, RATE, 256)
        slope.append(result.delay_s * RATE - 4.4)
        peak.append(result.coarse_s * RATE - 4.4)
    assert np.std(slope) < 0.8 * np.std(peak)
