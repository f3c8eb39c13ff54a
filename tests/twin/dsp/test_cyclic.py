"""Cyclic coherence: what theory says of modulated noise, of plain noise, and of lines taken out first."""

import numpy as np
import pytest

from tests.oracles import cyclic as oracle
from tests.oracles.bearing_signals import spall
from twin.dsp.cyclic import cyclic_periodogram, spectral_coherence

RATE = 25600.0


def modulated(depth, alpha_hz, samples, seed=0, phase=0.0):
    t = np.arange(samples) / RATE
    noise = np.random.default_rng(seed).standard_normal(samples)
    return (1.0 + depth * np.cos(2.0 * np.pi * alpha_hz * t + phase)) * noise


def test_the_periodogram_equals_the_double_sum():
    x = modulated(0.8, 700.0, 1200)
    ours = cyclic_periodogram(x, RATE, [700.0, 333.3], 32)
    for m, alpha in enumerate((700.0, 333.3)):
        expected = oracle.cyclic_coherence(x - x.mean(), RATE, alpha, 32, 8)
        np.testing.assert_allclose(ours.coherence[:, m], expected, atol=1e-10)


def test_modulated_noise_shows_the_coherence_of_theory():
    # E[x²] = 1 + m²/2 + 2m cos + m²/2 cos 2: coherence m/(1 + m²/2) at alpha, m²/4/(1 + m²/2) at 2 alpha
    x, depth = modulated(0.6, 100.0, 200_000, phase=0.7), 0.6
    plane = spectral_coherence(x, RATE, 250.0)
    listed = cyclic_periodogram(x, RATE, [100.0, 200.0])
    for column, alpha in enumerate((100.0, 200.0)):
        at = np.argmin(abs(plane.alpha_hz - alpha))
        expected = (depth, depth**2 / 4)[column] / (1 + depth**2 / 2) * np.exp(0.7j * (column + 1))
        # the nearest of the plane's alphas is up to a quarter of a resolution off: 0.9 of the amplitude
        assert plane.coherence[4:-4, at].mean() == pytest.approx(expected, abs=0.11 * abs(expected) + 0.01)
        assert listed.coherence[4:-4, column].mean() == pytest.approx(expected, abs=0.02)


def test_the_fast_plane_agrees_with_the_periodogram_wherever_there_is_a_line():
    x = modulated(0.9, 137.0, 60_000, seed=1) + 0.3 * np.random.default_rng(2).standard_normal(60_000)
    plane = spectral_coherence(x, RATE, 700.0)
    at = [int(np.argmin(abs(plane.alpha_hz - k * 137.0))) for k in (1, 2, 4)]
    listed = cyclic_periodogram(x, RATE, plane.alpha_hz[at])
    np.testing.assert_allclose(plane.coherence[4:-4, at], listed.coherence[4:-4], atol=0.06)
    correlation = plane.correlation[4:-4, at[0]]
    np.testing.assert_allclose(np.abs(correlation), plane.density[4:-4] * abs(plane.coherence[4:-4, at[0]]), rtol=0.2)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("false_alarm", [0.1, 0.01])
def test_noise_passes_the_plane_threshold_as_often_as_stated(false_alarm):
    rates = []
    for seed in range(4):
        noise = np.random.default_rng(seed).standard_normal(51_200)
        plane = spectral_coherence(noise, RATE, 600.0)
        above = np.abs(plane.coherence[3:-3]) ** 2 > plane.threshold(false_alarm)
        rates.append(above[:, plane.alpha_hz > 2.0].mean())
    # 4 x 123 x 1190 places, of neighbouring bins about 1/1.4 independent: 0.5 % and 1.5 % of standard error
    assert np.mean(rates) == pytest.approx(false_alarm, rel=0.06)


def test_noise_passes_the_periodograms_threshold_as_often_as_stated():
    alphas = np.linspace(50.0, 900.0, 40)
    rates = []
    for seed in range(8):
        noise = np.random.default_rng(seed).standard_normal(20_000)
        found = cyclic_periodogram(noise, RATE, alphas, 128)
        rates.append([(np.abs(found.coherence[3:-3]) ** 2 > found.threshold(p)).mean() for p in (0.1, 0.01)])
    # 8 x 40 x 59/1.4 = 13,500 independent places: standard errors 2.6 % and 8.6 % of the rates
    assert np.mean(rates, axis=0)[0] == pytest.approx(0.1, rel=0.08)
    assert np.mean(rates, axis=0)[1] == pytest.approx(0.01, rel=0.26)


def test_half_overlap_makes_noise_look_modulated_and_three_quarters_do_not():
    # Antoni 2007, cyclic leakage: the squared Hann window passes alpha = rate/hop
    noise = np.random.default_rng(3).standard_normal(50_000)
    alpha = [RATE / 64]
    half = cyclic_periodogram(noise, RATE, alpha, 128, overlap=0.5)
    assert np.abs(half.coherence[5:-5]).mean() == pytest.approx(1.0 / 6.0, abs=0.02)
    good = cyclic_periodogram(noise, RATE, alpha, 128)
    assert np.abs(good.coherence[5:-5]).mean() < 0.06


@pytest.mark.slow_without_jit
def test_a_slipping_bearing_is_found_and_gear_tones_are_not_once_lines_are_removed():
    rng = np.random.default_rng(4)
    speed, t = 24.63, np.arange(int(4 * RATE)) / RATE
    gear = 2.0 * (1 + 0.5 * np.cos(2 * np.pi * speed * t)) * np.sin(2 * np.pi * 23 * speed * t)
    bearing = spall("bearing_outer_race", (9, 0.3126, 1.537), speed, RATE, 4.0, slip=0.01, rng=rng)
    x = gear + bearing + 0.3 * rng.standard_normal(t.size)
    kept = spectral_coherence(x, RATE, 200.0)
    removed = spectral_coherence(x, RATE, 200.0, remove_lines=True)

    def peak(plane, alpha_hz, low_hz, high_hz):
        rows = (plane.freq_hz >= low_hz) & (plane.freq_hz <= high_hz)
        columns = abs(plane.alpha_hz / alpha_hz - 1) < 0.01
        ratio = np.abs(plane.coherence) ** 2 / plane.threshold(1e-4)
        return ratio[rows][:, columns].max()

    assert peak(kept, speed, 400.0, 800.0) > 20.0
    assert peak(removed, speed, 400.0, 800.0) < 1.5
    assert peak(removed, 3.5848 * speed, 4800.0, 6000.0) > 20.0


def test_a_blow_does_not_hide_what_happens_every_period():
    x = modulated(0.9, 90.0, 50_000, seed=5)
    at = 20_000
    x[at : at + 200] += 300.0 * np.random.default_rng(6).standard_normal(200)
    column = 90.0
    blown = spectral_coherence(x, RATE, 200.0)
    limited = spectral_coherence(x, RATE, 200.0, blow_period_s=1 / 90.0)
    near = np.argmin(abs(blown.alpha_hz - column))
    assert np.abs(limited.coherence[:, near]).mean() > 0.5
    assert np.abs(limited.coherence[:, near]).mean() > 0.9 * np.abs(blown.coherence[:, near]).mean()
    quiet = np.abs(blown.alpha_hz - 140.0) < 20.0
    assert np.abs(limited.coherence[:, quiet]).mean() < 0.3 * np.abs(blown.coherence[:, quiet]).mean()


def test_a_repetition_that_follows_the_shaft_is_found_through_a_run_up():
    # 4 s from 20 to 40 Hz, struck 3.58 times a turn: over time a smear, over angle one line
    rng = np.random.default_rng(8)
    t = np.arange(100_000) / RATE
    speed = 20.0 + 20.0 * t / t[-1]
    revs = 20.0 * t + 10.0 * t**2 / t[-1]
    x = (1.0 + 0.6 * np.cos(2.0 * np.pi * 3.58 * revs)) * rng.standard_normal(t.size)
    over_time = spectral_coherence(x, RATE, 200.0)
    over_angle = spectral_coherence(x, RATE, 200.0, revs=revs)
    near = np.abs(over_angle.alpha_hz / (3.58 * speed.mean()) - 1.0) < 0.005
    line = np.abs(over_angle.coherence[4:-4, near].mean(axis=0)).max()
    assert line == pytest.approx(0.6 / (1.0 + 0.18), rel=0.12)
    assert np.abs(over_time.coherence[4:-4].mean(axis=0)).max() < 0.2 * line


@pytest.mark.slow_without_jit
def test_noise_passes_the_threshold_as_often_as_stated_on_a_run_up_too():
    t = np.arange(51_200) / RATE
    revs = 25.0 * t * (1.0 + 0.3 * t / t[-1])
    planes = [
        spectral_coherence(np.random.default_rng(seed).standard_normal(t.size), RATE, 300.0, revs=revs)
        for seed in range(3)
    ]
    rates = [(np.abs(plane.coherence[3:-3, 5:]) ** 2 > plane.threshold(0.01)[5:]).mean() for plane in planes]
    assert 0.007 < np.mean(rates) < 0.011


@pytest.mark.parametrize(
    ("revs", "options", "message"),
    [
        (np.arange(6000.0)[::-1], {}, "grow from sample to sample"),
        (np.zeros(6000), {}, "is the speed zero"),
        (np.arange(5.0), {}, "revs has shape"),
        (np.arange(6000.0), {"remove_lines": True}, "remove_lines needs steady lines"),
        (np.arange(6000.0) ** 4, {}, "at top speed too"),
    ],
)
def test_an_angle_that_cannot_be_is_refused(revs, options, message):
    with pytest.raises(ValueError, match=message):
        spectral_coherence(np.random.default_rng(7).standard_normal(6000), RATE, 2000.0, revs=revs, **options)


def test_bins_without_power_say_nothing():
    x = np.fft.irfft(np.where(np.arange(10_001) < 4000, np.fft.rfft(modulated(0.5, 90.0, 20_000)), 0.0), 20_000)
    x = np.round(x, 12)
    plane = spectral_coherence(x, RATE, 200.0)
    assert np.isfinite(plane.coherence).all()


GOOD = np.random.default_rng(7).standard_normal(6000)


@pytest.mark.parametrize(
    ("x", "rate", "alpha_max", "segment", "message"),
    [
        (np.empty(0), RATE, 300.0, 256, "shape"),
        (GOOD[:900], RATE, 300.0, 256, "independent frames"),
        (np.full(6000, 2.0), RATE, 300.0, 256, "x is constant, 2"),
        (np.where(np.arange(6000) == 5, np.nan, GOOD), RATE, 300.0, 256, "x has 1 NaN"),
        (GOOD, 0.0, 300.0, 256, "rate_hz = 0"),
        (GOOD, RATE, 0.0, 256, "alpha_max_hz = 0"),
        (GOOD, RATE, 9000.0, 256, "alpha_max_hz = 9000"),
        (GOOD, RATE, 300.0, 255, "segment = 255"),
        (GOOD, RATE, 300.0, 258, "segment = 258 must be a multiple of 4"),
        (GOOD.reshape(2, -1), RATE, 300.0, 256, "shape"),
    ],
)
def test_what_the_plane_cannot_be_made_of_is_said(x, rate, alpha_max, segment, message):
    with pytest.raises(ValueError, match=message):
        spectral_coherence(x, rate, alpha_max, segment)


@pytest.mark.parametrize("alpha", [[0.0], [13_000.0], [], [np.nan], [1.0]])
def test_a_cyclic_frequency_the_record_cannot_resolve_is_refused(alpha):
    with pytest.raises(ValueError, match="two cyclic resolutions to half the rate"):
        cyclic_periodogram(GOOD, RATE, alpha, 128)


def test_an_impossible_overlap_or_rate_of_false_alarm_is_refused():
    with pytest.raises(ValueError, match="overlap = 1"):
        cyclic_periodogram(GOOD, RATE, [300.0], 128, overlap=1.0)
    with pytest.raises(ValueError, match="false_alarm = 0"):
        cyclic_periodogram(GOOD, RATE, [300.0], 128).threshold(0.0)
