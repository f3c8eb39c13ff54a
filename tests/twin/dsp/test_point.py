"""A vibration point fed as devices feed it."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.bearing_signals import impact_times, ring, spall
from twin.batch import Batch, Status
from twin.dsp.bearing import BEARINGS
from twin.dsp.point import VibrationConfig, VibrationPoint

pytestmark = pytest.mark.slow_without_jit

RATE, SPEED = 25600.0, 24.63
BEARING = BEARINGS["6205"]
CONFIG = VibrationConfig(RATE, BEARING, vanes=6, zone_group="group2")
START_NS = 1_735_689_600_000_000_000


def batch(values, n0, quality=Status.GOOD):
    t0 = START_NS + round(n0 * 1e9 / RATE)
    return Batch("p", t0, round(1e9 / RATE), values, quality, t0, n0, RATE, "source")


def follow(x, edges, config=CONFIG, speed=SPEED):
    point = VibrationPoint(config)
    results = []
    for start, stop in itertools.pairwise(edges):
        results += point.feed(batch(x[start:stop], start), speed)
    return results


def blocks(size, block=2560):
    return [*range(0, size, block), size]


@pytest.fixture(scope="module")
def damaged():
    rng = np.random.default_rng(0)
    x = spall("bearing_outer_race", (9, 0.3126, 1.537), SPEED, RATE, 4.0, rng=rng)
    t = np.arange(x.size) / RATE
    return x + 0.5 * rng.standard_normal(x.size) + 2.0 * np.sin(2 * np.pi * SPEED * t)


def same(a, b):
    for field in dataclasses.fields(a):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if field.name.endswith("spectrum"):
            np.testing.assert_array_equal(left[0], right[0])
            np.testing.assert_array_equal(left[1], right[1])
        elif field.name in ("t_ns", "t0_ns"):
            assert abs(left - right) <= 1  # rounded from the batch that ended the window
        else:
            assert left == right, field.name


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 80000), max_size=6))
def test_how_samples_are_split_into_batches_changes_nothing(damaged, cuts):
    x = damaged[:80000]
    whole = follow(x, [0, x.size])
    split = follow(x, [0, *sorted(cuts), x.size])
    assert len(whole) == len(split) == 2
    for a, b in zip(whole, split, strict=True):
        same(a, b)


def test_a_window_ends_when_its_last_sample_does(damaged):
    first, second, *_ = follow(damaged, blocks(damaged.size))
    assert first.window_s == pytest.approx(2.0, rel=0.05)
    assert first.t_ns == START_NS + round(first.window_s * 1e9)
    assert second.t_ns - first.t_ns == round(first.window_s * 0.5e9)


def test_a_damaged_outer_race_shows_in_the_first_window(damaged):
    first = follow(damaged, blocks(damaged.size))[0]
    line = first.lines["bearing_outer_race"]
    assert line.confidence > 0.9
    assert line.f_hz == pytest.approx(BEARING.bpfo * SPEED, rel=0.01)
    assert max(first.lines.values(), key=lambda other: other.score_db) is line
    freq, depth = first.envelope_spectrum
    near = (freq > 60.0) & (freq < 120.0)
    assert freq[near][np.argmax(depth[near])] == pytest.approx(line.f_hz, abs=1.5)


def test_a_steady_shaft_line_keeps_its_amplitude_and_velocity(damaged):
    first = follow(damaged, blocks(damaged.size))[0]
    assert first.order_amplitudes["1x"] == pytest.approx(2.0, rel=0.02)
    assert set(first.order_amplitudes) == {"1x", "2x", "3x", "vane"}
    assert first.velocity_rms_mm_s == pytest.approx(1e3 * 2.0 / 2**0.5 / (2 * np.pi * SPEED), rel=0.05)
    assert first.zone == "D"


def test_a_float32_waveform_is_taken_as_it_is(damaged):
    first = follow(damaged.astype(np.float32), blocks(damaged.size))[0]
    assert first.lines["bearing_outer_race"].confidence > 0.9


def test_an_offset_is_removed_before_anything_is_measured():
    x = 9.81 + 0.1 * np.random.default_rng(0).standard_normal(int(2.2 * RATE))
    first = follow(x, blocks(x.size))[0]
    assert first.rms == pytest.approx(0.1, rel=0.02)
    assert first.kurtosis == pytest.approx(3.0, abs=0.1)


def test_lines_are_followed_through_a_speed_ramp():
    rng = np.random.default_rng(5)
    size = int(4 * RATE)
    t = np.arange(size) / RATE
    speed = 24.0 + 1.0 * t
    revs = np.cumsum(speed) / RATE
    angles = impact_times(BEARING.bpfo, 1.0, revs[-1], 0.005, rng)
    x = 3.0 * ring(np.interp(angles, revs, t), np.ones(angles.size), RATE, size)
    x += rng.standard_normal(size) + 2.0 * np.sin(2 * np.pi * revs)
    point = VibrationPoint(CONFIG)
    results = []
    for start in range(0, size, 2560):
        results += point.feed(batch(x[start : start + 2560], start), float(speed[start : start + 2560].mean()))
    for result in results:
        assert result.lines["bearing_outer_race"].confidence > 0.9
        assert result.order_amplitudes["1x"] == pytest.approx(2.0, rel=0.03)


def test_a_lost_block_restarts_the_window_and_says_so(damaged):
    point = VibrationPoint(CONFIG)
    results = []
    for start in range(0, damaged.size, 2560):
        if start != 10240:
            results += point.feed(batch(damaged[start : start + 2560], start), SPEED)
    assert results[0].flags == ("gap",)
    assert results[0].t0_ns >= START_NS + round(12800 * 1e9 / RATE) - 1
    assert results[1].flags == ()


def test_a_bad_batch_is_a_gap(damaged):
    point = VibrationPoint(CONFIG)
    point.feed(batch(damaged[:2560], 0), SPEED)
    assert point.feed(batch(np.empty(0), 2560, Status.BAD_NO_DATA), SPEED) == []
    results = []
    for start in range(2560, damaged.size, 2560):
        results += point.feed(batch(damaged[start : start + 2560], start), SPEED)
    assert results[0].flags == ("gap",)


@pytest.mark.parametrize(
    ("spoil", "flag"),
    [
        (lambda x: np.where(np.arange(x.size) == 700, np.nan, x), "nan"),
        (lambda x: np.full_like(x, 1.25), "constant"),
        (lambda x: np.clip(x, -0.5, 0.5), "clipped"),
        (lambda x: np.round(x / x.max()), "coarse"),
    ],
)
def test_samples_that_must_not_be_interpreted_are_flagged(damaged, spoil, flag):
    first = follow(spoil(damaged), blocks(damaged.size))[0]
    assert flag in first.flags
    assert not first.usable


def test_a_known_limit_finds_clipping_that_noise_hides(damaged):
    config = dataclasses.replace(CONFIG, limit_m_s2=2.0)
    assert "clipped" in follow(np.clip(damaged, -2.0, 2.0), blocks(damaged.size), config)[0].flags


def test_a_nan_does_not_poison_the_windows_after_it(damaged):
    spoiled = damaged.copy()
    spoiled[700] = np.nan
    last = follow(spoiled, blocks(damaged.size))[-1]
    assert last.flags == ()
    assert np.isfinite(last.rms)


@pytest.mark.parametrize("speed", [None, 0.0])
def test_without_a_turning_shaft_there_are_no_lines(damaged, speed):
    first = follow(damaged, blocks(damaged.size), speed=speed)[0]
    assert first.lines == {}
    assert first.order_amplitudes == {}
    assert first.rms > 0.0


def test_too_few_revolutions_are_said_to_be_short(damaged):
    first = follow(damaged, blocks(damaged.size), speed=3.0)[0]
    assert "short" in first.flags
    assert first.lines == {}


def test_a_hop_outside_the_window_is_refused():
    with pytest.raises(ValueError, match="share of the window"):
        VibrationConfig(RATE, hop=1.5)
