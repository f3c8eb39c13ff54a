"""What one point says about itself."""

import struct

import numpy as np
import pytest

from rigs.load import load_rig
from twin.detect.point_checks import PointChecks, exchange_words
from twin.detect.point_info import point_infos

SECOND = 1_000_000_000


def checks(**changes):
    settings = {"low": 0.0, "high": 6e5, "sigma": 120.0, "wire": "f32", "factor": 1e5, "unit_factor": 1e5}
    return PointChecks(**(settings | changes))


def feed(point, values, calm=True, start=0):
    return [point.add((start + i) * SECOND, float(v), calm=calm) for i, v in enumerate(values)]


def noise(count, sigma=120.0, mean=3.4e5, seed=1):
    return mean + sigma * np.random.default_rng(seed).standard_normal(count)


def swapped(value_bar):
    raw = struct.pack(">f", value_bar)
    return struct.unpack(">f", raw[2:] + raw[:2])[0]


def test_healthy_noise_raises_nothing_for_a_day():
    point = checks()
    loud = 0
    for value in noise(86_400):
        assert point.add(0, float(value), calm=True) is not None
        loud = max(loud, point.noisy_windows)
    assert loud < 2
    assert not point.sticks()


def test_a_stuck_reading_is_seen_after_ten_repeats():
    point = checks()
    feed(point, noise(50))
    feed(point, [3.4e5] * 10)
    assert not point.sticks()
    feed(point, [3.4e5])
    assert point.sticks()


def test_tripled_noise_is_seen_within_two_windows():
    point = checks()
    feed(point, noise(100))
    feed(point, noise(45, sigma=360.0, seed=2))
    assert point.noisy_windows >= 2
    assert point.noise_ratio == pytest.approx(3.0, rel=0.4)


def test_a_ramp_is_not_noise():
    point = checks()
    feed(point, noise(100))
    feed(point, noise(100, seed=3) + np.arange(100) * 500.0)
    assert point.noisy_windows == 0


def test_exchanged_words_are_recognised_and_never_used():
    point = checks()
    feed(point, noise(20))
    raw = [swapped(np.float32(v / 1e5)) * 1e5 for v in noise(20, seed=4)]
    used = feed(point, raw)
    assert used == [None] * 20
    assert point.swapped >= 15
    assert point.swap_example[1] == pytest.approx(3.4e5, abs=1e3)


def test_a_honest_jump_is_not_taken_for_exchanged_words():
    point = checks()
    feed(point, noise(20, mean=2e4))
    assert None not in feed(point, noise(20, mean=3.5e5))
    assert point.swapped == 0


@pytest.mark.parametrize("value", [0.0, 1.0, -3.25, 3.14159, 1e-30])
def test_exchanging_words_twice_changes_nothing(value):
    once = exchange_words(float(np.float32(value)), "f32")
    if once is not None:
        assert exchange_words(once, "f32") == np.float32(value)


def test_numbers_that_are_none_or_impossible_are_not_used():
    point = checks()
    feed(point, noise(10))
    assert feed(point, [float("nan"), float("inf"), 9e6, -4e5]) == [None] * 4
    assert sum(point.odd) == 4


def test_points_whose_resolution_hides_the_noise_are_not_called_stuck():
    infos = point_infos(load_rig("pump_skid").twin_view())
    assert infos["pump1.water_temperature"].repeats == 0
    assert infos["pump1.discharge_pressure"].repeats == 10
    assert infos["motor1.speed"].repeats > 10
    assert infos["pump1.discharge_pressure"].high == 6e5
