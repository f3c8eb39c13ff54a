"""Envelope of one band: both forms, units, and the design document's slipping impacts."""

import numpy as np
import pytest

from tests.oracles import envelope as oracle
from tests.oracles.bearing_signals import impact_times, ring
from twin.dsp.demodulation import analytic_band, squared_envelope_spectrum
from twin.dsp.envelope import Band
from twin.dsp.moments import Moments
from twin.dsp.spectrum import line_amplitude

RATE = 25600.0
T = np.arange(int(2 * RATE)) / RATE


def modulated(depth, amplitude=3.0):
    return amplitude * (1.0 + depth * np.cos(2 * np.pi * 88.0 * T)) * np.cos(2 * np.pi * 5000.0 * T)


@pytest.mark.parametrize("form", ["frequency", "time"])
def test_the_envelope_of_a_sine_is_its_amplitude(form):
    analytic = analytic_band(modulated(0.0), RATE, Band(4000.0, 6000.0), form=form)
    middle = slice(analytic.values.size // 4, -analytic.values.size // 4)
    assert analytic.envelope()[middle] == pytest.approx(3.0, rel=3e-3)
    assert analytic.squared()[middle] == pytest.approx(9.0, rel=6e-3)


@pytest.mark.parametrize("form", ["frequency", "time"])
def test_a_line_shows_the_depth_of_the_modulation(form):
    found = squared_envelope_spectrum(modulated(0.4), RATE, Band(4000.0, 6000.0), form=form)
    depth, place = line_amplitude(found.depth, 88.0 / found.freq_hz[1])
    assert depth == pytest.approx(0.8 / 1.08, rel=0.01)
    assert place * found.freq_hz[1] == pytest.approx(88.0, abs=0.05)
    assert found.mean_square == pytest.approx(9.0 * 1.08, rel=0.01)


def test_the_spectrum_equals_a_direct_sum():
    rng = np.random.default_rng(0)
    x = modulated(0.3) + rng.standard_normal(T.size)
    found = squared_envelope_spectrum(x, RATE, Band(4000.0, 6000.0))
    for alpha in (44.0, 88.0, 176.0, 301.5):
        bin_ = round(alpha * 2.0)
        right = oracle.squared_envelope_spectrum(x, RATE, 4000.0, 6000.0, found.freq_hz[bin_])
        assert found.depth[bin_] == pytest.approx(right, abs=2e-4)


def test_channels_are_demodulated_alike_together_and_alone():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 8192))
    for form in ("frequency", "time"):
        together = squared_envelope_spectrum(x, RATE, Band(2000.0, 6000.0), form=form)
        for row in range(3):
            alone = squared_envelope_spectrum(x[row], RATE, Band(2000.0, 6000.0), form=form)
            np.testing.assert_allclose(together.depth[row], alone.depth, rtol=1e-9)


def test_slipping_impacts_far_below_the_noise_are_seen_in_the_envelope_and_not_in_kurtosis():
    """V-BRG-6: 4 s, mode 5400 Hz with damping 0.03, 1 % random-walk slip, in-band SNR -7.7 dB."""
    rng = np.random.default_rng(6)
    samples = int(4 * RATE)
    band = Band(4400.0, 6400.0)
    times = impact_times(3.5848, 24.63, 4.0, 0.01, rng)
    signal = ring(times, np.ones(times.size), RATE, samples)
    white = rng.standard_normal(samples)
    power = [np.mean(analytic_band(part, RATE, band).squared()) for part in (signal, white)]
    x = signal * np.sqrt(10 ** (-0.77) * power[1] / power[0]) + white
    moments = Moments()
    moments.update(x)
    assert moments.kurtosis == pytest.approx(3.0, abs=0.1)
    found = squared_envelope_spectrum(x, RATE, band)
    line = round(3.5848 * 24.63 * 4.0)
    # one percent of slip over 350 impacts: the line wanders by a few bins of 0.25 Hz
    peak = found.depth[line - 4 : line + 5].max()
    floor = np.median(found.depth[line - 60 : line + 60])
    assert 20.0 * np.log10(peak / floor) >= 15.0


def test_silence_has_no_depth():
    found = squared_envelope_spectrum(np.zeros(4096), RATE, Band(2000.0, 6000.0))
    assert np.isnan(found.depth).all()


@pytest.mark.parametrize(
    ("x", "rate", "band", "form", "match"),
    [
        (np.array([]), RATE, Band(1000.0, 2000.0), "frequency", "empty"),
        (T, 0.0, Band(1000.0, 2000.0), "frequency", "rate_hz"),
        (T, RATE, Band(1000.0, 20000.0), "frequency", "band"),
        (T, RATE, Band(2000.0, 2001.0), "frequency", "bins"),
        (T[:200], RATE, Band(2000.0, 2100.0), "time", "filter"),
        (T, RATE, Band(1000.0, 2000.0, whitened=True), "time", "whitened"),
        (T, RATE, Band(1000.0, 2000.0), "hilbert", "form"),
        (np.append(T, np.nan), RATE, Band(1000.0, 2000.0), "frequency", "NaN"),
    ],
)
def test_what_cannot_be_demodulated_is_refused(x, rate, band, form, match):
    with pytest.raises(ValueError, match=match):
        analytic_band(x, rate, band, form=form)
