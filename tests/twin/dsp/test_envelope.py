"""Squared envelope spectra against the textbook computation."""

import numpy as np
import pytest

from tests.oracles import dsp as oracle
from tests.oracles.bearing_signals import spall
from twin.dsp.envelope import Band, candidate_bands, envelope_spectra

RATE, SPEED = 25600.0, 24.63
GEOMETRY = (9, 0.3126, 1.537)


@pytest.fixture(scope="module")
def damaged():
    rng = np.random.default_rng(0)
    x = spall("bearing_outer_race", GEOMETRY, SPEED, RATE, 2.0, rng=rng)
    return x + 0.3 * rng.standard_normal(x.size)


def test_a_bands_spectrum_equals_the_textbooks(damaged):
    spectra = envelope_spectra(damaged, RATE, SPEED, max_order=20.0, tree=(3,))
    for row, band in enumerate(spectra.bands):
        if band.whitened:
            continue
        expected = oracle.squared_envelope_spectrum(damaged, RATE, band.low_hz, band.high_hz)
        ours = spectra.depth(row)
        top = ours.argmax()
        assert ours[top] == pytest.approx(expected[top], rel=0.05)
        np.testing.assert_allclose(ours[4:], expected[4 : ours.size], atol=0.04)


def test_the_whole_band_is_a_candidate_raw_and_whitened():
    bands = candidate_bands(RATE, SPEED, (3, 6))
    assert bands[0] == Band(2 * SPEED, 0.49 * RATE)
    assert bands[1].whitened
    assert len(bands) == 11


def test_a_band_too_narrow_for_the_orders_is_left_out():
    assert len(candidate_bands(2000.0, 25.0, (8,))) == 2


def test_one_blow_does_not_drown_the_lines(damaged):
    struck = damaged.copy()
    struck[20000] += 500.0
    plain = envelope_spectra(damaged, RATE, SPEED, max_order=20.0, tree=(6,))
    blown = envelope_spectra(struck, RATE, SPEED, max_order=20.0, tree=(6,))
    line = round(3.5848 * plain.bins_per_order)
    row = 4
    near = slice(line - 3, line + 4)
    assert blown.depth(row)[near].max() > 0.5 * plain.depth(row)[near].max()


def test_averaging_segments_keeps_the_depth_of_a_line():
    t = np.arange(int(8 * RATE)) / RATE
    x = (1.0 + 0.2 * np.cos(2 * np.pi * 88.0 * t)) * np.cos(2 * np.pi * 5000.0 * t)
    for segment in (None, 2.0):
        spectra = envelope_spectra(x, RATE, SPEED, max_order=10.0, tree=(), segment_s=segment)
        # squared envelope 1 + 0.4 cos + …, mean 1.02
        assert spectra.depth(0)[round(88.0 / SPEED * spectra.bins_per_order)] == pytest.approx(0.4 / 1.02, rel=0.01)
    assert spectra.segments == 7


def test_bands_of_the_callers_choice_replace_those_of_the_tree(damaged):
    own = (Band(3000.0, 6000.0), Band(100.0, 12000.0, whitened=True))
    spectra = envelope_spectra(damaged, RATE, SPEED, max_order=20.0, bands=own)
    assert spectra.bands == own
    expected = oracle.squared_envelope_spectrum(damaged, RATE, 3000.0, 6000.0)
    np.testing.assert_allclose(spectra.depth(0)[4:], expected[4 : spectra.power.shape[1]], atol=0.04)


@pytest.mark.parametrize("bands", [(), (Band(5000.0, 4000.0),), (Band(9000.0, 13000.0),)])
def test_a_band_that_cannot_be_is_refused(damaged, bands):
    with pytest.raises(ValueError, match="band"):
        envelope_spectra(damaged, RATE, SPEED, max_order=20.0, bands=bands)
