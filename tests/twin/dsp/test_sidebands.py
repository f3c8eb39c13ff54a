"""Sidebands of the rotor, between bins and beside a supply line a thousand times larger."""

import math

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.sidebands import needed_window_s, rotor_sidebands, steadiness
from twin.dsp.tones import supply_frequency

RATE = 1000.0


def current(slip, lower, upper, *, hz=50.0, seconds=10.0, drift=0.0, load=0.0, supply_drift=0.0, noise=1e-4):
    """Space vector: slip drifts linearly by `drift` over the record, amplitude by `load`, frequency by supply_drift."""
    t = np.arange(round(seconds * RATE)) / RATE
    ramp = t / seconds - 0.5
    phase = 2 * np.pi * np.cumsum(hz + supply_drift * ramp) / RATE
    apart = 2 * np.pi * np.cumsum(2 * hz * (slip + drift * ramp)) / RATE
    rng = np.random.default_rng(round(1e6 * slip))
    size = 1.0 + load * ramp
    return size * np.exp(1j * phase) * (1.0 + lower * np.exp(-1j * apart + 1j) + upper * np.exp(1j * apart + 2j)) + (
        noise * (rng.standard_normal(t.size) + 1j * rng.standard_normal(t.size))
    )


def measure(x, slip, tolerance=1e-3, **options):
    return rotor_sidebands(x, RATE, supply_frequency(x, RATE, 50.0), slip, tolerance, **options)


@pytest.mark.parametrize("bars_broken", [1, 2])
def test_the_two_frequency_solution_is_that_of_the_design(bars_broken):
    ratio = oracle.sidebands_at_constant_speed(oracle.M2K2, 0.04, bars_broken, 28)
    assert ratio == pytest.approx({1: 0.029360, 2: 0.062426}[bars_broken], abs=5e-7)


@pytest.mark.parametrize(("lower", "level_db"), [(0.029360, -30.64), (0.062426, -24.09)])
@pytest.mark.parametrize("phases", [1, 3])
def test_one_and_two_broken_bars_are_read_to_a_fifth_of_a_decibel_off_any_bin(lower, level_db, phases):
    worst = 0.0
    for step in range(40):
        slip = 0.04 + 0.01 * step / 40 / 10.0
        vector = current(slip, lower, 0.0, hz=50.0 + 0.0137 * step)
        x = vector if phases == 3 else np.ascontiguousarray(vector.real)
        found = measure(x, 0.0405)
        assert found.detected
        worst = max(worst, abs(found.lower_db - level_db))
    assert worst < 0.05


@pytest.mark.parametrize("slip", [0.0103, 0.0187, 0.0291, 0.0455, 0.0702])
def test_both_sidebands_and_their_sum_are_read_at_any_slip(slip):
    found = measure(current(slip, 0.004, 0.002), slip + 4e-4)
    assert found.lower_db == pytest.approx(20 * math.log10(0.004), abs=0.2)
    assert found.upper_db == pytest.approx(20 * math.log10(0.002), abs=0.2)
    assert found.total == pytest.approx(0.006, rel=0.02)
    assert found.spacing_hz == pytest.approx(100 * slip, abs=0.01)


def test_a_pair_weaker_than_the_skirt_of_the_supply_line_is_read_beside_it():
    slip = 0.02
    vector = current(slip, 1e-4, 1e-4, seconds=4.0, hz=50.11, noise=1e-7)
    found = measure(vector, slip, 0.006)
    assert found.spacing_hz == pytest.approx(100.22 * slip, abs=0.01)
    assert found.lower_db == pytest.approx(20 * math.log10(1e-4), abs=0.2)
    assert found.upper_db == pytest.approx(20 * math.log10(1e-4), abs=0.2)


def test_second_order_sidebands_are_measured_with_the_first():
    t = np.arange(10000) / RATE
    vector = current(0.03, 0.03, 0.01) + 0.001 * np.exp(2j * np.pi * 50.0 * (1 - 4 * 0.03) * t)
    found = measure(vector, 0.03)
    assert found.higher[0][0] == pytest.approx(0.001, rel=0.15)


def test_without_a_pair_none_is_detected_and_the_floor_is_told():
    found = measure(current(0.04, 0.0, 0.0), 0.04)
    assert found.resolvable
    assert not found.detected
    # complex noise of 1e-4 √2 under a Hann window of 10 000 samples
    assert found.floor == pytest.approx(1e-4 * math.sqrt(2.0) * math.sqrt(1.5 / 10000), rel=0.2)


@pytest.mark.parametrize(("slip", "needed"), [(0.04, 2.0), (0.01, 8.0), (0.0072, 64.0), (0.0, math.inf)])
def test_the_window_needed_is_four_slip_periods_and_64_s_at_low_slip(slip, needed):
    assert needed_window_s(slip, 50.0) == pytest.approx(needed)


def test_too_short_a_record_gives_no_number_but_the_length_needed():
    found = measure(current(0.01, 0.03, 0.01, seconds=6.0), 0.01)
    assert not found.resolvable
    assert math.isnan(found.lower)
    assert found.reason == "not resolvable: at 1 % slip 8.0 s is needed, there are 6.0 s"


def test_a_motor_without_slip_gives_no_number():
    found = measure(current(0.02, 0.03, 0.01), 0.0)
    assert not found.resolvable
    assert "a load is needed" in found.reason


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ({"drift": 0.015}, "wider than a bin"),
        ({"load": 1.0}, "the load moved"),
        ({"supply_drift": 0.5}, "the supply frequency moved"),
    ],
)
def test_what_moves_more_than_a_bin_gives_no_number(moved, words):
    found = measure(current(0.02, 0.03, 0.01, seconds=5.0, **moved), 0.02)
    assert not found.resolvable
    assert words in found.reason
    assert "of steady running are needed" in found.reason


def test_a_slow_drift_is_read_in_shorter_windows():
    found = measure(current(0.04, 0.03, 0.01, drift=0.002), 0.04)
    assert found.resolvable
    assert found.windows >= 2
    assert found.window_s < 10.0
    assert found.lower == pytest.approx(0.03, rel=0.02)


def test_sidebands_are_not_taken_for_a_moving_load():
    load, drift = steadiness(current(0.02, 0.05, 0.05, seconds=4.0), RATE, 50.0)
    assert load < 0.01
    assert drift < 0.01


@pytest.mark.slow_without_jit
def test_inertia_trades_one_sideband_for_the_other_and_spares_the_sum():
    vector, _, speed = oracle.simulate(oracle.M2K2, inertia=0.05, load_nm=14.6, bars_broken=1, seconds=6.0)
    found = rotor_sidebands(vector, 2000.0, 50.0, 1 - speed.mean() / 25.0, 1e-3)
    assert found.spacing_hz / 100.0 == pytest.approx(0.04270, abs=5e-5)
    assert found.lower_db == pytest.approx(-34.9, abs=0.2)
    assert found.upper_db == pytest.approx(-38.4, abs=0.2)
    heavy, _, _ = oracle.simulate(oracle.M2K2, inertia=1.0, load_nm=14.6, bars_broken=1, seconds=6.0)
    alone = rotor_sidebands(heavy, 2000.0, 50.0, 0.0427, 1e-3)
    assert alone.lower_db == pytest.approx(-30.4, abs=0.2)
    assert alone.upper_db < -55.0
    assert all(0.026 < one.total < 0.034 for one in (found, alone))
