"""Zoomed bands against the Fourier sum, and what they may claim."""

import math

import numpy as np
import pytest

from tests.oracles import spectra as oracle
from twin.dsp.windows import window
from twin.dsp.zooming import czt, zoom


@pytest.mark.parametrize(("n", "points"), [(300, 40), (5000, 37), (2049, 600), (3, 8), (10240, 512)])
def test_a_zoom_is_the_fourier_sum_at_its_frequencies(n, points):
    x = np.random.default_rng(0).standard_normal((2, n))
    result = zoom(x, 1000.0, 100.0, 137.0, points, window="blackman")
    np.testing.assert_allclose(result.freq_hz, np.linspace(100.0, 137.0, points))
    values = window("blackman", n).values
    some = slice(None, None, max(points // 20, 1))
    for row, found in zip(x, result.spectrum, strict=True):
        expected = oracle.band_sum((row - row.mean()) * values, 1000.0, result.freq_hz[some]) * 2.0 / values.sum()
        np.testing.assert_allclose(found[some], expected, atol=1e-11)


def test_the_whole_circle_is_the_discrete_fourier_transform():
    x = np.random.default_rng(1).standard_normal(1000) + 0j
    out = np.empty(1000, np.complex128)
    czt(x, 0.0, 1e-3, 1000, out)
    np.testing.assert_allclose(out, np.fft.fft(x), atol=1e-10)


def test_a_million_samples_keep_their_phase():
    n = 1_000_000
    x = np.cos(2 * np.pi * 0.2345678 * np.arange(n) + 0.5)
    result = zoom(x, 1.0, 0.2345678, 0.2346, 16)
    assert result.spectrum[0] == pytest.approx(np.exp(0.5j), abs=1e-8)


def test_a_line_between_bins_shows_its_amplitude_and_frequency():
    t = np.arange(1000) / 1000.0
    result = zoom(3.0 * np.cos(2 * np.pi * 50.37 * t), 1000.0, 48.0, 52.0, 401)
    assert result.amplitude().max() == pytest.approx(3.0, rel=1e-3)
    assert result.freq_hz[np.argmax(result.amplitude())] == pytest.approx(50.37, abs=0.006)


@pytest.mark.parametrize("name", ["hann", "blackman", "blackman-harris"])
@pytest.mark.parametrize(("part", "peaks"), [(0.8, 1), (1.01, 2)])
def test_two_lines_show_two_peaks_from_the_stated_separation_on(name, part, peaks):
    n, rate = 4000, 1000.0
    t = np.arange(n) / rate
    apart = part * window(name, n).separation_bins * rate / n
    # in phase in the middle of the record: the worst case, for half way between the lines their amplitudes add
    x = np.cos(2 * np.pi * 100 * t) + np.cos(2 * np.pi * (100 + apart) * t - 2 * np.pi * apart * n / rate / 2)
    result = zoom(x, rate, 99.0, 101.0 + apart, 2001, window=name)
    size = result.amplitude()
    tops = (size[1:-1] > size[:-2]) & (size[1:-1] > size[2:]) & (size[1:-1] > 0.7 * size.max())
    assert tops.sum() == peaks
    assert result.resolves(100.0, 100.0 + apart) == (peaks == 2)


def test_noise_shows_the_rms_that_the_stated_bandwidth_gives():
    x = np.random.default_rng(2).standard_normal((64, 2000))
    result = zoom(x, 1000.0, 100.0, 400.0, 300)
    density = 2.0 / 1000.0
    rms = math.sqrt(np.mean(result.amplitude() ** 2))
    assert rms == pytest.approx(math.sqrt(2.0 * density * result.noise_bandwidth_hz), rel=0.02)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"low_hz": 60.0}, "band 60.0 to 50.0 Hz must be rising"),
        ({"high_hz": 501.0}, "lie within 0 and 500.0"),
        ({"points": 1}, "points = 1 must be at least 2"),
        ({"x": np.array([1.0, math.nan, 2.0])}, "1 readings are missing"),
        ({"rate_hz": math.inf}, "rate_hz = inf"),
        ({"x": np.zeros((3, 0))}, "samples on the last axis"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(change, words):
    with pytest.raises(ValueError, match=words):
        zoom(**({"x": np.ones(100), "rate_hz": 1000.0, "low_hz": 10.0, "high_hz": 50.0} | change))
