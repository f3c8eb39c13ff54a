"""Enhanced envelope spectrum: its false-alarm rate, what it finds beside the plain envelope, and real records."""

import csv

import numpy as np
import pytest

from tests.oracles.bearing_signals import spall
from tests.oracles.dsp import biquad_cascade, squared_envelope_spectrum
from twin.dsp.bearing import BEARINGS
from twin.dsp.cyclic import cyclic_periodogram, spectral_coherence
from twin.dsp.enhanced import enhanced_envelope, informative_weights
from twin.dsp.recordings import load_recording

RATE, SPEED, SECONDS = 25600.0, 24.63, 4.0
GEOMETRY = (9, 0.3126, 1.537)
BPFO = 3.5848 * SPEED
SAMPLES = int(RATE * SECONDS)


def outer_race(rng, strength):
    return strength * spall("bearing_outer_race", GEOMETRY, SPEED, RATE, SECONDS, slip=0.01, rng=rng)


def resonance(x, mode_hz, radius):
    a1, a2 = -2.0 * radius * np.cos(2.0 * np.pi * mode_hz / RATE), radius * radius
    return biquad_cascade(np.array([[1.0, 0.0, 0.0, 1.0, a1, a2]]), x)


def standing(amplitude, axis, alpha_hz):
    """How many robust standard deviations of the neighbourhood the line is above its median."""
    near = np.abs(axis - alpha_hz) < 25.0
    line = np.abs(axis / alpha_hz - 1.0) <= 0.01
    rest = amplitude[near & ~(np.abs(axis / alpha_hz - 1.0) <= 0.02)]
    middle = np.median(rest)
    return (amplitude[line].max() - middle) / (1.4826 * np.median(np.abs(rest - middle)))


def both(x, **options):
    plain = squared_envelope_spectrum(x, RATE, 2.0 * SPEED, 0.49 * RATE)
    plane = spectral_coherence(x, RATE, 600.0, **options)
    enhanced = enhanced_envelope(plane, weights=informative_weights(plane))
    return (
        standing(plain, np.arange(plain.size) * RATE / x.size, BPFO),
        standing(enhanced.amplitude, enhanced.alpha_hz, BPFO),
    )


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("colour", [False, True])
def test_noise_is_called_a_line_as_often_as_stated(colour):
    rates = []
    for seed in range(6):
        noise = np.random.default_rng(seed).standard_normal(51_200)
        spectrum = enhanced_envelope(
            spectral_coherence(resonance(noise, 900.0, 0.97) if colour else noise, RATE, 600.0)
        )
        above = [(spectrum.amplitude > spectrum.threshold(p))[spectrum.alpha_hz > 2.0].mean() for p in (0.1, 0.01)]
        rates.append(above)
    # 6 x 1200 independent places: standard errors 0.0035 and 0.0012
    assert np.mean(rates, axis=0) == pytest.approx([0.1, 0.01], abs=0.012)
    assert np.mean(rates, axis=0)[1] < 0.0135


@pytest.mark.slow_without_jit
def test_random_blows_and_chosen_weights_do_not_raise_the_rate():
    rates = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        blows = resonance((rng.random(51_200) < 20.0 / RATE) * rng.standard_normal(51_200) * 100.0, 2000.0, 0.97)
        plane = spectral_coherence(rng.standard_normal(51_200) + blows, RATE, 600.0)
        spectrum = enhanced_envelope(plane, weights=informative_weights(plane))
        rates.append((spectrum.amplitude > spectrum.threshold(0.01)).mean())
    assert np.mean(rates) < 0.012


@pytest.mark.slow_without_jit
def test_the_odds_of_a_line_count_every_place_searched():
    chances = []
    for seed in range(5):
        noise = np.random.default_rng(seed).standard_normal(51_200)
        spectrum = enhanced_envelope(spectral_coherence(noise, RATE, 600.0))
        chances += [spectrum.line(alpha).p_value for alpha in np.linspace(20.0, 590.0, 60)]
    assert 0.03 < np.mean(np.array(chances) < 0.1) < 0.13


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(
    ("interference", "strength", "factor"),
    [("gaussian", 0.35, 1.5), ("coloured", 0.5, 5.0), ("blows", 0.5, 5.0), ("gear", 0.5, 5.0)],
)
def test_a_line_stands_out_more_than_in_the_squared_envelope_spectrum(interference, strength, factor):
    ratios = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = outer_race(rng, strength) + 0.3 * rng.standard_normal(SAMPLES)
        options = {}
        if interference == "coloured":
            x += resonance(rng.standard_normal(SAMPLES), 900.0, 0.975)
        elif interference == "blows":
            x += resonance((rng.random(SAMPLES) < 10.0 / RATE) * 20.0 * rng.standard_normal(SAMPLES), 2000.0, 0.97)
            options = {"blow_period_s": 1.0 / BPFO}
        elif interference == "gear":
            t = np.arange(SAMPLES) / RATE
            x += 2.0 * np.sin(2 * np.pi * 23 * SPEED * t) * (1 + 0.3 * np.cos(2 * np.pi * SPEED * t))
        plain, enhanced = both(x, **options)
        assert enhanced > 6.0
        ratios.append(enhanced / max(plain, 1.0))
    assert np.median(ratios) > factor


@pytest.mark.slow_without_jit
def test_a_defect_that_kurtosis_does_not_see_is_found():
    # V-BRG-6: 4 s, mode 5400 Hz, zeta 0.03, 1 % slip, -7.7 dB in the mode's band of about 1 kHz
    rng = np.random.default_rng(7)
    bearing, noise = outer_race(rng, 1.0), rng.standard_normal(SAMPLES)
    in_band = 1000.0 / (RATE / 2)
    x = bearing * np.sqrt(10**-0.77 * in_band / np.var(bearing)) + noise
    assert np.mean((x - x.mean()) ** 4) / np.var(x) ** 2 == pytest.approx(3.0, abs=0.1)
    plane = spectral_coherence(x, RATE, 600.0)
    line = enhanced_envelope(plane, band_hz=(4900.0, 5900.0)).line(BPFO)
    assert line.p_value < 1e-6
    assert line.alpha_hz == pytest.approx(BPFO, rel=0.01)


def test_a_band_with_the_defect_beats_one_without():
    rng = np.random.default_rng(8)
    plane = spectral_coherence(outer_race(rng, 0.5) + 0.3 * rng.standard_normal(SAMPLES), RATE, 300.0)
    inside = enhanced_envelope(plane, band_hz=(4500.0, 6500.0)).line(BPFO)
    outside = enhanced_envelope(plane, band_hz=(500.0, 2500.0)).line(BPFO)
    assert inside.amplitude > 5.0 * outside.amplitude
    weights = informative_weights(plane)
    assert abs(plane.freq_hz[weights.argmax()] - 5400.0) < 600.0
    assert weights[plane.freq_hz < 3000.0].sum() < 0.1 * weights.sum()


def test_weights_are_level_where_nothing_stands_out():
    plane = spectral_coherence(np.random.default_rng(9).standard_normal(30_000), RATE, 300.0)
    assert np.count_nonzero(informative_weights(plane, false_alarm=1e-4)) == plane.freq_hz.size


def test_a_few_cyclic_frequencies_are_no_spectrum():
    with pytest.raises(ValueError, match="2 cyclic frequencies; 64 are needed"):
        enhanced_envelope(cyclic_periodogram(np.random.default_rng(0).standard_normal(9000), RATE, [50.0, 60.0], 128))


@pytest.fixture(scope="module")
def plane():
    return spectral_coherence(np.random.default_rng(0).standard_normal(20_000), RATE, 300.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"band_hz": (20_000.0, 30_000.0)}, "no bin with power and weight"),
        ({"weights": np.ones(3)}, r"weights must be float64\[129\]"),
        ({"weights": -np.ones(129)}, "0 or more"),
        ({"weights": np.full(129, np.nan)}, "finite"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(plane, options, message):
    with pytest.raises(ValueError, match=message):
        enhanced_envelope(plane, **options)


def test_a_line_off_the_axis_is_refused(plane):
    spectrum = enhanced_envelope(plane)
    with pytest.raises(ValueError, match="raise alpha_max_hz"):
        spectrum.line(299.9)
    with pytest.raises(ValueError, match="must lie within"):
        spectrum.line(0.0)
    with pytest.raises(ValueError, match=r"tolerance = 0\.5"):
        spectrum.line(50.0, 0.5)
    with pytest.raises(ValueError, match="false_alarm = 1"):
        spectrum.threshold(1.0)


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_every_clear_cwru_record_shows_its_line_after_the_lines_are_removed(recorded_data):
    orders = {"OR": BEARINGS["6205"].bpfo, "IR": BEARINGS["6205"].bpfi, "B": 2.0 * BEARINGS["6205"].bsf}
    chances = {}
    with (recorded_data / "cwru" / "index.csv").open() as index:
        for row in csv.DictReader(index):
            if row["sr2015_de"] not in ("Y1", "Y2"):
                continue
            recording = load_recording(recorded_data / "cwru" / row["file"])
            speed_hz = recording.speed_hz or float(row["rpm_nominal"]) / 60.0
            plane = spectral_coherence(
                recording.channel("DE")[1],
                recording.rate_hz,
                500.0,
                128,
                blow_period_s=1.0 / speed_hz,
                remove_lines=True,
            )
            line = enhanced_envelope(plane).line(orders[row["fault"]] * speed_hz, 0.015)
            chances[row["file"]] = line.p_value
    assert len(chances) >= 20
    assert [file for file, chance in chances.items() if chance >= 0.01] == []
