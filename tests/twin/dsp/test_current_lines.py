"""Eccentricity, slot and bearing lines, and the swing of power."""

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.current_lines import (
    bearing_lines,
    eccentricity_lines,
    measure_lines,
    park_beat,
    power_swing,
    slot_eccentricity_lines,
)
from twin.dsp.tones import line_spectrum

RATE = 2000.0
T = np.arange(16000) / RATE


def test_names_say_which_line_is_meant():
    assert eccentricity_lines(50.0, 24.0, orders=1) == {"eccentricity_-1": 26.0, "eccentricity_+1": 74.0}
    assert bearing_lines(50.0, {"outer": 90.0}, orders=1) == {"outer_-1": 40.0, "outer_+1": 140.0}
    assert 50.0 * (29 * 0.96 / 2 + 1) in slot_eccentricity_lines(50.0, 0.04, 28, 4).values()


def test_lines_are_read_between_bins_beside_the_supply_line():
    x = np.cos(2 * np.pi * 50.03 * T) + 2e-3 * np.cos(2 * np.pi * 26.04 * T) + 5e-3 * np.cos(2 * np.pi * 74.02 * T)
    x += 1e-4 * np.random.default_rng(0).standard_normal(T.size)
    low, high = measure_lines(line_spectrum(x, RATE), 50.03, eccentricity_lines(50.03, 23.98, 1), tolerance=0.1)
    assert low.ratio == pytest.approx(2e-3, rel=0.02)
    assert high.ratio == pytest.approx(5e-3, rel=0.02)
    assert (low.hz, high.hz) == (pytest.approx(26.04, abs=0.01), pytest.approx(74.02, abs=0.01))
    assert min(low.prominence_db, high.prominence_db) > 20.0


def test_lines_out_of_the_spectrum_or_on_the_supply_line_are_left_out():
    spectrum = line_spectrum(np.cos(2 * np.pi * 50.0 * T), RATE)
    assert measure_lines(spectrum, 50.0, {"high": 1200.0, "same": 50.1, "dc": 0.1}) == ()


def test_the_modulus_beats_at_twice_the_supply_frequency_by_the_negative_share():
    assert park_beat(oracle.unbalanced(T, 50.0, 8.0, 0.4), RATE, 50.0) == pytest.approx(0.05, rel=0.01)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("inertia", [0.015, 0.2])
@pytest.mark.parametrize(("motor", "load_nm"), [(oracle.M2K2, 14.6), (oracle.M15, 98.1)])
def test_power_swings_tell_a_rotor_from_a_load(motor, load_nm, inertia):
    inertia *= 1.0 if motor is oracle.M2K2 else 5.0
    i, v, speed = oracle.simulate(motor, inertia=inertia, load_nm=load_nm, bars_broken=1, seconds=4.0)
    spacing = 100.0 * (1 - speed.mean() / 25.0)
    rotor = power_swing(oracle.phases(i), oracle.phases(v), RATE, spacing)
    assert rotor.ratio > 0.9
    i, v, _ = oracle.simulate(motor, inertia=inertia, load_nm=load_nm, swing=0.05, swing_hz=spacing, seconds=4.0)
    load = power_swing(oracle.phases(i), oracle.phases(v), RATE, spacing)
    assert load.ratio < 0.2
    assert max(load.active, rotor.reactive) > 20 * max(load.floor, rotor.floor)
