"""Gear condition from one averaged turn: the known answers."""

import numpy as np
import pytest

from tests.oracles import orders as oracle
from twin.dsp.gear import GearMonitor, demodulate_mesh, difference_signal, mesh_lines, residual_signal
from twin.dsp.order_tracking import OrderSpectrum, order_spectrum
from twin.dsp.tsa import Average

TEETH = 23
SAMPLES = 1024


def turn(values):
    return Average(np.asarray(values, dtype=float), 100, 100.0, 1.0)


def gear(seed=1, noise=0.01, **fault):
    rng = np.random.default_rng(seed)
    return turn(oracle.gear_turn(TEETH, SAMPLES, **fault) + noise * rng.standard_normal(SAMPLES))


def test_residual_and_difference_are_what_least_squares_leaves():
    values = np.random.default_rng(2).standard_normal(256)
    mesh = range(TEETH, 129, TEETH)
    residual = oracle.without_orders(values, [0, 1, 2, *mesh])
    np.testing.assert_allclose(residual_signal(turn(values), TEETH), residual, atol=1e-12)
    bands = sorted({order for m in mesh for order in (m - 1, m, m + 1)})
    np.testing.assert_allclose(
        difference_signal(turn(values), TEETH), oracle.without_orders(values, [0, 1, 2, *bands]), atol=1e-12
    )


def test_a_sideband_whose_harmonic_lies_above_nyquist_goes_too():
    values = np.cos(2 * np.pi * 22 * 6 * np.arange(275) / 275)
    order_137 = np.cos(2 * np.pi * 137 * np.arange(275) / 275)
    assert np.max(np.abs(difference_signal(turn(order_137), TEETH))) < 1e-9
    assert np.max(np.abs(difference_signal(turn(values), TEETH))) > 0.5


def angle_record(am=0.0, fm=0.0, shaft=1.0, revs=200):
    angle = np.arange(revs * 256) / 256
    wave = 2 * np.pi * shaft * angle
    return order_spectrum((1 + am * np.cos(wave)) * np.cos(2 * np.pi * TEETH * angle + fm * np.sin(wave)), 256)


@pytest.mark.parametrize("shaft", [1.0, 23 / 67])
@pytest.mark.parametrize("depth", [0.05, 0.3])
def test_amplitude_modulation_of_depth_a_has_sidebands_of_half_a(depth, shaft):
    lines = mesh_lines(angle_record(am=depth, shaft=shaft), TEETH, shaft, count=2)
    assert lines.amplitude == pytest.approx(1.0, rel=1e-3)
    assert lines.lower[0] == pytest.approx(depth / 2, rel=2e-3)
    assert lines.upper[0] == pytest.approx(depth / 2, rel=2e-3)
    assert lines.lower[1] == pytest.approx(0.0, abs=1e-3)
    assert lines.energy_ratio == pytest.approx(depth, abs=3e-3)


def test_frequency_modulation_of_0p2_has_sidebands_19p96_db_under_the_carrier():
    lines = mesh_lines(angle_record(fm=0.2), TEETH, 1.0)
    for side in (lines.lower[0], lines.upper[0]):
        assert 20 * np.log10(side / lines.amplitude) == pytest.approx(-19.96, abs=0.02)


def test_demodulation_gives_back_the_modulation():
    angle = np.arange(SAMPLES) / SAMPLES
    found = demodulate_mesh(turn(oracle.gear_turn(TEETH, SAMPLES, am=0.2, fm=0.1)), TEETH)
    np.testing.assert_allclose(found.amplitude, 1 + 0.2 * np.cos(2 * np.pi * angle), atol=1e-3)
    np.testing.assert_allclose(found.phase, 0.1 * np.sin(2 * np.pi * angle), atol=1e-3)


@pytest.mark.parametrize("tooth", [0, 5, 17])
def test_a_crack_dips_amplitude_and_phase_at_its_tooth(tooth):
    found = demodulate_mesh(gear(crack_tooth=tooth, depth=0.4), TEETH)
    for event in (found.phase_event, found.amplitude_event):
        assert abs((event - tooth + TEETH / 2) % TEETH - TEETH / 2) < 0.5
    at = round(tooth * SAMPLES / TEETH)
    assert found.phase[at] < np.median(found.phase) - 0.1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crack_raises_fm4_m6a_and_na4_while_healthy_noise_keeps_their_normal_values(seed):
    monitor = GearMonitor(TEETH)
    healthy = [monitor.update(gear(seed=10 * seed + k)) for k in range(5)][-1]
    assert healthy.fm4 == pytest.approx(3.0, abs=0.5)
    assert healthy.m6a == pytest.approx(15.0, abs=6.0)
    assert healthy.na4 == pytest.approx(3.0, abs=0.7)
    cracked = monitor.update(gear(seed=seed, crack_tooth=7, depth=0.3))
    assert cracked.fm4 > 2.0 * healthy.fm4
    assert cracked.m6a > 4.0 * healthy.m6a
    assert cracked.m8a > 8.0 * healthy.m8a
    assert cracked.na4 > 10.0 * healthy.na4
    assert cracked.nb4 > 2.0 * healthy.nb4
    assert cracked.fm0 > healthy.fm0


def test_the_moments_are_those_of_the_book():
    average = gear(crack_tooth=3, depth=0.2)
    found = GearMonitor(TEETH).update(average)
    difference = difference_signal(average, TEETH)
    assert found.fm4 == pytest.approx(oracle.normalised_moment(difference, 4))
    assert found.m6a == pytest.approx(oracle.normalised_moment(difference, 6))
    assert found.m8a == pytest.approx(oracle.normalised_moment(difference, 8))
    assert found.na4 == pytest.approx(oracle.normalised_moment(residual_signal(average, TEETH), 4))
    assert found.mesh_amplitudes[:3] == pytest.approx([1.0, 0.4, 0.2], abs=0.05)
    assert found.fm0 == pytest.approx(np.ptp(average.values) / found.mesh_amplitudes.sum())


def test_na4_is_measured_against_the_history():
    monitor = GearMonitor(TEETH)
    first, second = gear(seed=1), gear(seed=2, crack_tooth=7, depth=0.3)
    monitor.update(first)
    residuals = [residual_signal(average, TEETH) for average in (first, second)]
    wanted = np.mean(residuals[1] ** 4) / np.mean([np.var(r) for r in residuals]) ** 2
    assert monitor.update(second).na4 == pytest.approx(wanted, rel=1e-6)
    monitor.reset()
    assert monitor.update(second).na4 == pytest.approx(oracle.normalised_moment(residuals[1], 4))


def test_sideband_ratios_of_pure_amplitude_modulation():
    angle = np.arange(SAMPLES) / SAMPLES
    found = GearMonitor(TEETH).update(turn((1 + 0.4 * np.cos(2 * np.pi * angle)) * np.cos(2 * np.pi * TEETH * angle)))
    assert found.sideband_energy_ratio == pytest.approx(0.4)
    assert found.sideband_level_factor == pytest.approx(0.4 / np.sqrt(0.5 * (1 + 0.4**2 / 2)))


def test_a_perfect_gear_has_no_shape_of_rounding():
    found = GearMonitor(TEETH).update(turn(oracle.gear_turn(TEETH, SAMPLES)))
    assert np.isnan([found.fm4, found.m6a, found.m8a, found.na4]).all()
    silent = GearMonitor(TEETH).update(turn(np.zeros(SAMPLES)))
    assert np.isnan([silent.fm0, silent.fm4, silent.sideband_level_factor, silent.sideband_energy_ratio]).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: residual_signal(turn(np.ones(60)), TEETH), "take at least 69"),
        (
            lambda: residual_signal(turn(np.where(np.arange(256) == 3, np.nan, 1.0)), TEETH),
            "1 angles without a reading",
        ),
        (lambda: residual_signal(gear(), 2), "teeth = 2"),
        (lambda: GearMonitor(2), "teeth = 2"),
        (lambda: GearMonitor(TEETH, harmonics=0), "harmonics = 0"),
        (lambda: demodulate_mesh(gear(), TEETH, harmonic=30), "does not fit"),
        (lambda: demodulate_mesh(gear(), TEETH, half_band=23), "half_band must be"),
        (lambda: demodulate_mesh(turn(np.cos(2 * np.pi * np.arange(SAMPLES) / SAMPLES)), TEETH), "no carrier"),
        (lambda: mesh_lines(angle_record(revs=8), TEETH, 23 / 67), "segments of at least 11.7 revolutions"),
        (lambda: mesh_lines(angle_record(), TEETH, 0.0), "must be positive"),
        (lambda: mesh_lines(OrderSpectrum(np.ones(300), 10.0, 1), TEETH, 1.0, harmonic=2), "do not fit"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
