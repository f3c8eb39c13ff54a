"""A stand from configuration: the same unit for ever, units unlike each other, faults that show where they should."""

import dataclasses
import math

import numpy as np
import pytest

from emulator.physics.rolling_bearing import RollingBearingParameters
from hil.realism.features import NAMES, features, inside, vector, window_range
from hil.realism.stand import Stand, record
from twin.dsp.bearing import parse_bearing

pytestmark = pytest.mark.slow_without_jit

SPEED_HZ = 29.5
LOUD = Stand(
    RollingBearingParameters(),
    rate_hz=12_000.0,
    oversampling=2,
    seconds=2.5,
    modes_hz=((800.0, 1500.0), (2500.0, 4500.0)),
    background_n=(0.001, 0.002),
    load_n=(900.0, 1000.0),
    turning_load=(0.0, 0.2),
)


def seen(fault, seed=3, stand=LOUD, angle=0.0):
    x = record(stand, seed, SPEED_HZ, fault, 0.5, angle)
    return features(x, stand.rate_hz, SPEED_HZ, parse_bearing("6205"))


def test_a_unit_gives_the_same_record_for_ever_and_another_unit_another():
    one = record(LOUD, 3, SPEED_HZ, "bearing_outer_race", 0.5)
    assert one.size == round(LOUD.seconds * LOUD.rate_hz)
    assert one.tobytes() == record(LOUD, 3, SPEED_HZ, "bearing_outer_race", 0.5).tobytes()
    spectra = [np.abs(np.fft.rfft(record(LOUD, seed, SPEED_HZ))) for seed in (3, 4, 5)]
    peaks = [int(np.argmax(np.convolve(s, np.ones(50), "same"))) for s in spectra]
    assert len(set(peaks)) == 3  # a structure of its own


@pytest.mark.parametrize(
    ("fault", "line"),
    [("bearing_outer_race", "BPFO dB"), ("bearing_inner_race", "BPFI dB"), ("bearing_ball", "2BSF dB")],
)
def test_a_spall_shows_at_its_own_lines(fault, line):
    values = seen(fault)
    others = {"BPFO dB", "BPFI dB", "2BSF dB"} - {line}
    assert values[line] > 8.0
    assert all(values[line] > values[other] + 2.0 for other in others)


def test_a_sound_bearing_shows_none_and_is_gaussian():
    values = seen("")
    assert max(values[name] for name in ("BPFO dB", "BPFI dB", "2BSF dB")) < 7.5
    assert values["kurtosis"] == pytest.approx(3.0, abs=0.3)


def test_the_load_that_turns_makes_the_outer_race_beat_at_shaft_speed():
    still = dataclasses.replace(LOUD, turning_load=(0.0, 0.0))
    turning = dataclasses.replace(LOUD, turning_load=(0.8, 0.8))
    depth = {name: seen("bearing_outer_race", stand=s)["shaft modulation"] for name, s in
             (("still", still), ("turning", turning))}  # fmt: skip
    assert depth["turning"] > 3.0 * depth["still"]


def test_balls_of_unlike_size_make_the_outer_race_beat_with_the_cage():
    alike = dataclasses.replace(LOUD, cage_load=(0.0, 0.0))
    unlike = dataclasses.replace(LOUD, cage_load=(0.4, 0.4))
    lines = {name: seen("bearing_outer_race", stand=s)["FTF dB"] for name, s in
             (("alike", alike), ("unlike", unlike))}  # fmt: skip
    assert lines["unlike"] > lines["alike"] + 3.0


def test_features_do_not_know_the_unit():
    x = record(LOUD, 3, SPEED_HZ, "bearing_inner_race", 0.5)
    geometry = parse_bearing("6205")
    one, other = (features(x * gain, LOUD.rate_hz, SPEED_HZ, geometry) for gain in (1.0, 1e-5))
    assert tuple(one) == NAMES
    for name in NAMES:
        assert one[name] == pytest.approx(other[name], rel=1e-6, abs=1e-6)
    assert vector(one).shape == (6,)
    assert np.all(np.isfinite(vector(one)))


def test_a_spall_outside_the_load_zone_is_silent():
    zone = dataclasses.replace(LOUD, load_zone=(0.4, 0.4), load_angle_rad=0.0)
    assert seen("bearing_outer_race", stand=zone, angle=math.pi)["BPFO dB"] < 7.5


def test_ranges_and_shares():
    values = [float(v) for v in range(101)]
    assert window_range(values) == (5.0, 50.0, 95.0)
    assert inside([0.0, 50.0, 95.0, 100.0], values) == 0.5
