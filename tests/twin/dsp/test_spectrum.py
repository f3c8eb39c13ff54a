"""Spectra against closed forms."""

import math

import numpy as np
import pytest
from scipy import fft

from twin.dsp.spectrum import (
    amplitude_spectrum,
    band_rms,
    fast_length,
    line_amplitude,
    peak_hold,
    velocity_rms,
)

RATE = 25600.0
T = np.arange(51200) / RATE


def test_one_g_rms_at_159_155_hz_is_9_80665_mm_s():
    spectrum = amplitude_spectrum(9.80665 * math.sqrt(2) * np.sin(2 * np.pi * 159.155 * T))
    assert 1e3 * velocity_rms(spectrum, 0.5, 10.0, 1000.0) == pytest.approx(9.80665, rel=0.005)


@pytest.mark.parametrize("offset", [0.0, 0.1, 0.25, 0.5, 0.75, 0.9])
def test_a_line_between_bins_keeps_its_amplitude(offset):
    position = 400.0 + offset
    spectrum = amplitude_spectrum(3.0 * np.sin(2 * np.pi * position * 0.5 * T + 0.3))
    amplitude, found = line_amplitude(spectrum, 400.4)
    assert amplitude == pytest.approx(3.0, rel=1e-3)
    assert found == pytest.approx(position, abs=1e-3)


def test_band_rms_of_white_noise_is_its_share_of_the_band():
    x = np.random.default_rng(2).standard_normal(T.size)
    assert band_rms(amplitude_spectrum(x), 0.5, 5000.0, 10240.0) == pytest.approx(math.sqrt(5240 / 12800), rel=0.03)


def test_thinning_a_spectrum_keeps_its_lines():
    spectrum = np.zeros(10001)
    spectrum[7003] = 5.0
    freq, amplitude = peak_hold(0.5, spectrum, 800)
    assert amplitude.size <= 800
    assert freq[np.argmax(amplitude)] == 3501.5


def test_a_fast_length_is_the_next_with_small_factors():
    for n in range(1, 3000, 7):
        length = fast_length(n)
        assert length >= n
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        assert rest == 1
        assert length == fft.next_fast_len(n, real=True)
