"""Lines between bins and beside neighbours: amplitudes, frequencies and whether the stated errors are true."""

import math

import numpy as np
import pytest

from twin.dsp.lines import duration_needed_s, flat_top_amplitude, measure_line, minimum_separation_hz, tones_at

N = 2048
RATE = 2048.0
T = np.arange(N) / RATE
OFFSETS = np.linspace(0.0, 0.95, 7)


def db(a, b):
    return abs(20.0 * math.log10(a / b))


def cosine(freq_hz, amplitude=1.0, phase=0.0):
    return amplitude * np.cos(2.0 * np.pi * freq_hz * T + phase)


@pytest.mark.parametrize("offset", OFFSETS)
def test_scalloping_does_not_reach_the_amplitude_of_a_clean_sine(offset):
    for phase in (0.0, 1.0, 2.5):
        line = measure_line(cosine(300 + offset, 3.0, phase), RATE, 300.5)
        assert db(line.amplitude, 3.0) < 1e-6  # asked for: 0.05 dB
        assert line.freq_hz == pytest.approx(300 + offset, abs=1e-6)
        assert math.cos(line.phase_rad - phase) == pytest.approx(1.0)
        assert line.method == "fit"


@pytest.mark.parametrize("distance", [2.0, 3.0, 4.5, 7.0, 11.0, 13.0])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 3.0])
def test_a_neighbour_a_few_bins_away_changes_nothing(distance, ratio):
    for offset in OFFSETS:
        for phase in (0.0, 2.0):
            place = 300 + offset
            x = cosine(place, 1.0, phase) + cosine(place + distance, ratio, 0.4)
            line = measure_line(x, RATE, place, 0.5)
            assert db(line.amplitude, 1.0) < 0.01  # asked for: 0.2 dB
            assert line.freq_hz == pytest.approx(place, abs=1e-3)


def test_sidebands_of_slip_beside_the_mains_are_measured():
    # 40 dB and 46 dB below a line 2 bins away on either side
    x = cosine(50.3, 10.0) + cosine(48.2, 0.1, 1.0) + cosine(52.4, 0.05, 2.0)
    assert db(measure_line(x, RATE, 48.2, 0.5).amplitude, 0.1) < 0.01
    assert db(measure_line(x, RATE, 52.4, 0.5).amplitude, 0.05) < 0.01


def test_a_line_near_zero_is_not_spoilt_by_its_mirror_image():
    for place in (2.5, 3.3, 4.1):
        assert db(measure_line(cosine(place, 1.0, 0.7), RATE, place).amplitude, 1.0) < 1e-6


def test_stated_standard_errors_are_the_scatter_and_not_below_the_cramer_rao_bound():
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(150):
        place = 300 + rng.random()
        line = measure_line(cosine(place, 0.5, rng.uniform(0, 6)) + rng.standard_normal(N), RATE, place)
        errors.append(
            [(line.amplitude - 0.5), line.amplitude_std, (line.freq_hz - place), line.freq_std_hz, line.snr_db]
        )
    amplitude, amplitude_std, freq, freq_std, snr = np.array(errors).T
    assert np.std(amplitude / amplitude_std) == pytest.approx(1.0, abs=0.2)
    assert np.std(freq / freq_std) == pytest.approx(1.0, abs=0.2)
    # Rife & Boorstyn 1974: 2σ²/n, and 24σ²/(A²n³) [rad/sample]²
    assert amplitude_std.mean() > math.sqrt(2.0 / N)
    assert freq_std.mean() > math.sqrt(24.0 / (0.25 * N**3)) * RATE / (2.0 * np.pi)
    assert amplitude_std.mean() < 1.6 * math.sqrt(2.0 / N)
    assert np.median(snr) == pytest.approx(10.0 * math.log10(0.125 * N / 2.0), abs=1.0)


def test_the_bias_bound_holds_what_a_far_strong_line_leaks():
    for place in 320 + OFFSETS:
        x = cosine(300.0, 1e-4) + cosine(place, 1.0, 1.0) + 1e-7 * np.random.default_rng(1).standard_normal(N)
        line = measure_line(x, RATE, 300.0, 0.5)
        assert abs(line.amplitude - 1e-4) < line.bias_bound < 1e-3


@pytest.mark.parametrize("distance", [0.3, 0.7, 1.0])
def test_two_lines_within_a_bin_are_not_resolvable(distance):
    line = measure_line(cosine(300.3) + cosine(300.3 + distance, 1.0, 1.0), RATE, 300.3)
    assert not line.resolvable
    assert math.isnan(line.amplitude)


def test_a_line_that_moves_by_bins_is_not_resolvable():
    assert not measure_line(np.cos(2 * np.pi * (300 * T + 2.0 * T * T)), RATE, 302.0, 3.0).resolvable


@pytest.mark.parametrize("drift", [0.2, 0.6, 1.0, 1.4])
def test_a_line_that_moves_a_little_keeps_its_amplitude_within_its_bias_bound(drift):
    x = 2.0 * np.cos(2 * np.pi * (300.3 * T + 0.5 * drift * T * T)) + 1e-3 * np.random.default_rng(2).standard_normal(N)
    line = measure_line(x, RATE, 300.3 + 0.5 * drift)
    assert db(line.amplitude, 2.0) < 0.1
    assert abs(line.amplitude - 2.0) < line.bias_bound
    assert line.method == ("flat-top" if drift > 0.5 else "fit")


def test_a_neighbours_flank_is_not_taken_for_a_line():
    assert not measure_line(cosine(300.0), RATE, 302.0, 0.5).resolvable


def test_silence_has_amplitude_zero():
    assert measure_line(np.full(N, 2.0), RATE, 300.0).amplitude == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_flat_top_reads_right_between_bins_of_every_channel(offset):
    found = flat_top_amplitude(np.stack([cosine(300 + offset), cosine(300 + offset, 2.0)]), RATE, 300.0, 1.5)
    assert found == pytest.approx([1.0, 2.0], rel=0.0012)  # 0.01 dB


def test_tones_at_known_frequencies_are_told_apart_by_least_squares():
    x = 7.0 + np.stack([cosine(100.2, 1.0, 0.3) + cosine(101.4, 0.01, 1.0), cosine(101.4, 2.0, -2.0)])
    tones = tones_at(x, RATE, [100.2, 101.4])
    np.testing.assert_allclose(tones.amplitude, [[1.0, 0.01], [0.0, 2.0]], atol=1e-9)
    assert tones.phase_rad[0] == pytest.approx([0.3, 1.0])
    assert tones.noise_rms == pytest.approx([0.0, 0.0], abs=1e-9)


def test_errors_of_tones_are_their_scatter_and_meet_the_cramer_rao_bound():
    rng = np.random.default_rng(3)
    x = np.stack([cosine(100.2, 1.0, p) for p in rng.uniform(0, 6, 400)]) + 0.5 * rng.standard_normal((400, N))
    tones = tones_at(x, RATE, [100.2, 150.0])
    assert tones.amplitude[:, 0].std() == pytest.approx(0.5 * math.sqrt(2.0 / N), rel=0.12)
    assert tones.amplitude_std[:, 0] == pytest.approx(0.5 * math.sqrt(2.0 / N), rel=0.1)
    assert tones.noise_rms == pytest.approx(0.5, rel=0.1)


def test_tones_closer_than_one_over_the_duration_are_not_resolvable_and_spoil_no_other():
    x = cosine(100.0) + cosine(100.4) + cosine(200.0, 3.0)
    tones = tones_at(x, RATE, [100.0, 100.4, 200.0])
    assert list(tones.resolvable) == [False, False, True]
    assert np.isnan(tones.amplitude[:2]).all()
    assert tones.amplitude[2] == pytest.approx(3.0, abs=1e-6)


def test_a_slip_of_0_36_hz_needs_a_record_as_long_as_the_window_says():
    assert duration_needed_s(0.72) == pytest.approx(2.0 / 0.72, rel=1e-3)
    assert minimum_separation_hz(1000.0, 4000) == pytest.approx(0.5, rel=1e-3)
    assert minimum_separation_hz(1000.0, 4000, "flat-top") > 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: measure_line(np.full(N, math.nan), RATE, 300.0), "2048 readings are missing"),
        (lambda: measure_line(cosine(300.0), RATE, 1.0), "two bins of 1 Hz from 0"),
        (lambda: measure_line(cosine(300.0), RATE, 1023.5), "from half the rate, 1024.0"),
        (lambda: measure_line(cosine(300.0), -1.0, 300.0), "rate_hz = -1.0"),
        (lambda: measure_line(np.zeros((2, N)), RATE, 300.0), "one channel of at least 16"),
        (lambda: measure_line(np.zeros(8), RATE, 300.0), "one channel of at least 16"),
        (lambda: tones_at(cosine(300.0), RATE, [2000.0]), "must lie between 0 and half the rate"),
        (lambda: tones_at(np.ones(4), RATE, [200.0, 300.0]), "4 samples cannot tell 2 tones"),
        (lambda: duration_needed_s(0.0), "separation_hz = 0.0"),
        (lambda: flat_top_amplitude(cosine(1.0), RATE, 5000.0, 1.0), "between 0 and half the rate"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(call, words):
    with pytest.raises(ValueError, match=words):
        call()
