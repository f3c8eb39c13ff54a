"""Cepstra against sums from the book, families found and taken out, and the bearing behind a gear."""

import functools
import math

import numpy as np
import pytest

from tests.oracles import dsp
from tests.oracles import spectra as oracle
from twin.dsp.cepstrum import (
    comb_notch,
    lifter,
    long_pass,
    power_cepstrum,
    prewhiten,
    rahmonics,
    real_cepstrum,
    remove_families,
    short_pass,
)
from twin.dsp.density import welch

RATE = 25600.0
SPEED = 1480.0 / 60.0
BPFO = 3.5848 * SPEED


@pytest.mark.parametrize("n", [63, 64])
def test_a_real_cepstrum_is_the_cosine_sum_of_the_logarithm(n):
    x = np.random.default_rng(0).standard_normal((2, n)) + 3.0
    result = real_cepstrum(x, 10.0)
    for row, values in zip(x, result.values, strict=True):
        np.testing.assert_allclose(values, oracle.real_cepstrum(row), atol=1e-12)
    assert result.quefrency_s[1] == pytest.approx(0.1)


def test_noise_scatters_as_pi_over_the_root_of_24_n():
    n = 20000
    values = real_cepstrum(np.random.default_rng(1).standard_normal(n), 1.0).values
    assert values[1:].std() == pytest.approx(math.pi / math.sqrt(24 * n), rel=0.03)


def test_an_echo_peaks_at_its_delay_with_half_its_strength():
    # ln|1 + a·exp(-jωT)| = Σ (-1)^(k+1) a^k cos(kωT)/k: half of each term at either side (Bogert 1963)
    rng = np.random.default_rng(2)
    x = rng.standard_normal(8192)
    values = real_cepstrum(x + 0.6 * np.roll(x, 100), 1.0).values - real_cepstrum(x, 1.0).values
    assert values[[100, 200, 300]] == pytest.approx([0.3, -0.09, 0.036], abs=1e-3)


def test_a_power_cepstrum_is_twice_the_mean_real_one_and_averages_scatter_away():
    rng = np.random.default_rng(3)
    x = np.convolve(rng.standard_normal(300_000), [1.0, 0.5])[:300_000]
    averaged = power_cepstrum(welch(x, 1.0, 1024))
    # ln|1 + 0.5 exp(-jω)|²: 0.5^k/k with alternating sign
    assert averaged.values[1:4] == pytest.approx([0.5, -0.125, 0.0417], abs=0.02)
    assert averaged.values[50:].std() < 0.1 * math.pi / math.sqrt(6 * 1024)


@functools.cache
def family(spacing_hz, strength=0.1, seed=4):
    rng = np.random.default_rng(seed)
    t = np.arange(16384) / 2000.0
    return rng.standard_normal(t.size) + sum(
        strength * np.cos(2 * np.pi * k * spacing_hz * t + rng.uniform(0, 6)) for k in range(1, int(990 / spacing_hz))
    )


def test_a_family_of_lines_is_found_and_its_spacing_measured():
    # each line is 14 times weaker than the noise, in rms
    result = rahmonics(real_cepstrum(family(12.34), 2000.0), 12.3)
    assert result.significant
    assert result.spacing_hz == pytest.approx(12.34, rel=1e-3)
    assert result.quefrency_s == pytest.approx(np.arange(1, 6) / 12.34, rel=2e-3)


@pytest.mark.parametrize("rate", [0.1, 0.02])
@pytest.mark.parametrize("averaged", [False, True])
def test_noise_passes_for_a_family_no_more_often_than_stated(rate, averaged):
    rng = np.random.default_rng(5)
    found = 0
    for x in rng.standard_normal((200, 4096)):
        cepstrum = power_cepstrum(welch(x, 1000.0, 1024)) if averaged else real_cepstrum(x, 1000.0)
        found += rahmonics(cepstrum, 20.0, false_alarm_rate=rate).significant
    assert found <= 200 * rate + 3.0 * math.sqrt(200 * rate)


def test_a_family_that_is_not_there_has_no_spacing():
    result = rahmonics(real_cepstrum(family(12.34), 2000.0), 17.1)
    assert not result.significant
    assert math.isnan(result.spacing_hz)


def test_short_and_long_pass_lifters_divide_a_signal_between_them():
    x = family(12.34)
    n = x.size
    short, long = short_pass(n, 2000.0, 0.02), long_pass(n, 2000.0, 0.02)
    log = [np.log(np.abs(np.fft.rfft(y - y.mean())))[1:] for y in (x, lifter(x, short), lifter(x, long))]
    # the mean level is in both
    np.testing.assert_allclose(log[1] + log[2] - log[0], np.full(n // 2, np.mean(log[1] + log[2] - log[0])), atol=1e-9)
    assert np.abs(rahmonics(real_cepstrum(lifter(x, short), 2000.0), 12.34).height).max() < 1e-9


def test_a_lifter_of_ones_changes_nothing():
    x = np.random.default_rng(6).standard_normal((3, 501)) + 4.0
    np.testing.assert_allclose(lifter(x, np.ones(251)), x, atol=1e-10)


def test_a_comb_takes_out_one_family_and_leaves_another():
    x = family(12.34) + family(29.7, 0.2, 7)
    edited = real_cepstrum(remove_families(x, 2000.0, 12.34), 2000.0)
    assert not rahmonics(edited, 12.34).significant
    assert rahmonics(edited, 29.7).significant


def test_a_notch_covers_each_rahmonic_and_widens_with_the_uncertainty():
    weights = comb_notch(1000, 1000.0, 10.0, tolerance=0.01, samples=2)
    assert np.flatnonzero(weights[:120] == 0.0).tolist() == [98, 99, 100, 101, 102]
    assert np.flatnonzero(weights[390:410] == 0.0).tolist() == list(range(6, 15))


def test_prewhitening_leaves_every_bin_alike_and_every_phase():
    x = np.random.default_rng(8).standard_normal((2, 1001)).cumsum(axis=-1)
    white = np.fft.rfft(prewhiten(x))
    size = np.abs(white)[:, 1:]
    np.testing.assert_allclose(size, np.broadcast_to(size[:, :1], size.shape), rtol=1e-9)
    turned = white / np.fft.rfft(x - x.mean(axis=-1, keepdims=True))
    assert np.abs(np.angle(turned[:, 1:])).max() < 1e-9
    assert np.sqrt(np.mean(prewhiten(x) ** 2, axis=-1)) == pytest.approx([1.0, 1.0])


@functools.cache
def mix():
    return oracle.gear_mix(SPEED, RATE, 4.0, BPFO, defect=0.8, rng=np.random.default_rng(9))


GEAR_LINES = (SPEED, 2.0 * SPEED, SPEED * 23 / 67, 23 * SPEED)


def lines(x):
    """BPFO over the median of its surroundings, and each gear line over BPFO, in dB of the squared envelope."""
    spectrum = dsp.squared_envelope_spectrum(x, RATE, 3000.0, 8000.0)

    def height(freq_hz, reach):
        at = round(freq_hz * 4.0)
        return spectrum[at - reach : at + reach + 1].max()

    outer = height(BPFO, 6)
    return 20 * np.log10(outer / np.median(spectrum[100:1000])), [
        20 * np.log10(height(f, 2) / outer) for f in GEAR_LINES
    ]


def test_behind_a_gear_the_bearing_is_not_seen_in_the_raw_envelope():
    _, gear = lines(mix())
    assert max(gear) > 15.0
    assert min(gear) > 0.0


@pytest.mark.parametrize(
    "whitened",
    [
        pytest.param(prewhiten, id="full"),
        pytest.param(
            lambda x: remove_families(x, RATE, [SPEED, SPEED * 23 / 67, 23 * SPEED]), id="comb of shafts and mesh"
        ),
        pytest.param(lambda x: lifter(x, short_pass(x.size, RATE, 0.01)), id="short pass"),
    ],
)
def test_after_whitening_bpfo_stands_and_the_gear_lines_lie_20_db_lower(whitened):
    before, gear_before = lines(mix())
    after, gear_after = lines(whitened(mix()))
    assert after > 20.0
    assert after > before
    assert max(b - a for a, b in zip(gear_before, gear_after, strict=True)) < -20.0
    assert max(gear_after) < -15.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: real_cepstrum(np.full(100, 2.5), 1.0), "a constant signal has no cepstrum"),
        (lambda: prewhiten(np.zeros(100)), "a constant signal"),
        (lambda: prewhiten([1.0, math.nan, 2.0, 3.0]), "1 readings are missing"),
        (lambda: real_cepstrum(np.arange(3.0), 1.0), "3 samples are too few"),
        (lambda: real_cepstrum(np.arange(30.0), 0.0), "rate_hz = 0.0"),
        (lambda: power_cepstrum(welch(np.ones(100), 1.0, 10, detrend="constant")), "density is zero or unknown"),
        (lambda: lifter(np.arange(10.0), np.ones(5)), r"weights of shape \(5,\) must be \(6,\)"),
        (lambda: comb_notch(100, 100.0, 0.0), "spacing_hz = 0.0 must be above 0 and below 10"),
        (lambda: comb_notch(100, 100.0, 40.0), "must leave more than half of the cepstrum"),
        (lambda: rahmonics(real_cepstrum(np.arange(100.0), 100.0), 1.0), "spacing_hz = 1.0 must lie between 2.1"),
        (lambda: rahmonics(real_cepstrum(np.ones((2, 9)).cumsum(1), 1.0), 0.2), "one channel at a time"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(call, words):
    with pytest.raises(ValueError, match=words):
        call()
