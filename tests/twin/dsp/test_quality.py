"""Signals to be read with care: cut peaks, bursts, one signal recorded twice."""

import numpy as np
import pytest

from twin.dsp.quality import duplicated_channels, has_bursts, touches_rails

RATE, SPEED = 12000.0, 25.0


def noise(seed=0, samples=48000):
    return np.random.default_rng(seed).standard_normal(samples)


def converter(x, full_scale):
    return np.clip(np.round(x / full_scale * 16384), -16384, 16383)


def test_a_few_samples_at_both_ends_of_the_converter_are_seen():
    counts = converter(noise(), 3.0)
    assert touches_rails(counts, counts.min(), counts.max())


def test_a_wave_inside_the_converters_range_touches_nothing():
    counts = converter(noise(), 6.0)
    assert not touches_rails(counts, counts.min(), counts.max())


def test_the_few_levels_of_a_quiet_signal_are_no_rails():
    counts = np.round(3.0 * noise())
    counts = np.clip(counts, -9, 9)
    assert not touches_rails(counts, counts.min(), counts.max())


def test_a_burst_in_one_turn_is_seen():
    x = noise()
    x[20000:20400] *= 12.0
    assert has_bursts(x, RATE, SPEED)


def test_damage_that_comes_back_every_turn_is_no_burst():
    x = noise()
    x[:: int(RATE / SPEED)] += 80.0
    assert not has_bursts(x, RATE, SPEED)
    assert not has_bursts(noise(), RATE, SPEED)


def test_too_few_turns_have_no_bursts():
    assert not has_bursts(noise(samples=5000), RATE, SPEED)


def test_one_signal_recorded_twice_is_found_with_its_factor():
    x = noise()
    found = duplicated_channels({"DE": x, "FE": 65 / 66 * x + 0.3, "other": noise(1)})
    assert [(a, b) for a, b, _ in found] == [("DE", "FE")]
    assert found[0][2] == pytest.approx(65 / 66)


def test_a_copy_of_opposite_sign_and_rounded_is_still_a_copy():
    x = np.round(1000 * noise())
    assert duplicated_channels({"a": x, "b": np.round(-0.5 * x)})[0][2] == pytest.approx(-0.5, abs=1e-3)


def test_sensors_that_see_the_same_machine_are_no_copies():
    shared = noise()
    assert duplicated_channels({"a": shared + 0.3 * noise(1), "b": shared + 0.3 * noise(2)}) == []


def test_channels_that_cannot_be_compared_are_passed_over():
    x = noise()
    broken = x.copy()
    broken[5] = np.nan
    channels = {"a": x, "short": x[:100], "dead": np.zeros(x.size), "nan": broken, "empty": np.empty(0)}
    assert duplicated_channels(channels) == []
