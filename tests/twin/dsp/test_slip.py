"""Slip from speed and from lines."""

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.kernels.slots import slot_scores
from twin.dsp.slip import slip_from_lines, slip_from_speed, slot_lines
from twin.dsp.tones import fundamental

RATE, SECONDS = 5000.0, 10.0
T = np.arange(int(RATE * SECONDS)) / RATE
HZ = 50.02


def current(slip, bars, slots=((1, 0.004), (-1, 0.002)), rotation=0.0):
    rng = np.random.default_rng(7)
    x = np.cos(2 * np.pi * HZ * T) + 0.02 * np.cos(2 * np.pi * 5 * HZ * T) + 0.01 * np.cos(2 * np.pi * 7 * HZ * T)
    lines = [(bars * (1 - slip) / 2 + nu, a) for nu, a in slots]
    lines += [(1 + sign * (1 - slip) / 2, rotation) for sign in (-1, 1)]
    for order, a in lines:
        x += a * np.cos(2 * np.pi * HZ * order * T + rng.uniform(0, 6))
    return x + 0.01 * rng.standard_normal(T.size)


def look(x, **options):
    found = fundamental(x, RATE, 50.0)
    return slip_from_lines(found.spectrum, found.hz, 4, **options)


def test_speed_gives_slip():
    found = slip_from_speed(50.0, 1440 / 60, 4)
    assert (found.slip, found.source, found.confidence) == (pytest.approx(0.04), "speed", 1.0)


def test_a_motor_at_its_synchronous_speed_has_no_slip():
    assert slip_from_speed(50.0, 25.01, 4).slip == 0.0


@pytest.mark.parametrize(
    ("speed_hz", "poles", "words"),
    [
        (1470 / 60, 6, r"1470 rpm does not fit 6 poles.*check speed, poles \(4 would fit\)"),
        (-1.0, 4, "must be positive"),
        (np.nan, 4, "must be positive"),
        (5.0, 4, "does not fit 4 poles"),
        (24.0, 3, "even number"),
        (24.0, 0, "even number"),
    ],
)
def test_a_speed_that_cannot_be_is_refused(speed_hz, poles, words):
    with pytest.raises(ValueError, match=words):
        slip_from_speed(50.0, speed_hz, poles)


def test_slot_lines_follow_the_formula():
    lines = slot_lines(50.0, 0.04, 28, 4)
    assert 50.0 * (28 * 0.96 / 2 + 1) in lines
    assert 50.0 * (28 * 0.96 / 2 - 7) in lines
    assert 50.0 * (29 * 0.96 / 2 + 1) in slot_lines(50.0, 0.04, 28, 4, eccentric=1)


@pytest.mark.parametrize("slip", [0.0041, 0.0123, 0.0287, 0.0411, 0.0663])
@pytest.mark.parametrize("bars", [28, 44])
def test_slot_lines_of_known_bars_give_the_slip(slip, bars):
    found = look(current(slip, bars), bars=bars)
    assert abs(found.slip - slip) <= found.tolerance < 5e-4
    assert found.confidence > 0.9


def test_slot_lines_of_unknown_bars_are_ambiguous_and_no_slip_is_given():
    found = look(current(0.0287, 28))
    assert found.slip is None
    assert found.confidence == 0.0
    assert "ambiguous" in found.reason
    assert "number of rotor bars" in found.reason


@pytest.mark.parametrize("slip", [0.0123, 0.0411])
def test_the_rotation_pair_settles_it_without_bars(slip):
    found = look(current(slip, 28, rotation=0.003))
    assert abs(found.slip - slip) <= found.tolerance
    assert found.rotation_hz == pytest.approx((1 - slip) * HZ / 2, rel=1e-3)


def test_without_rotor_lines_no_slip_is_given():
    for options in ({}, {"bars": 28}):
        found = look(current(0.03, 28, slots=()), **options)
        assert found.slip is None
        assert "slip unknown" in found.reason


def test_noise_alone_never_gives_a_slip():
    for seed in range(30):
        x = np.cos(2 * np.pi * HZ * T[:10000]) + 0.05 * np.random.default_rng(seed).standard_normal(10000)
        found = fundamental(x, RATE, 50.0)
        assert slip_from_lines(found.spectrum, found.hz, 4, 28).slip is None
        assert slip_from_lines(found.spectrum, found.hz, 4, range(20, 60, 4)).slip is None


def test_nonsense_is_refused():
    found = fundamental(current(0.03, 28), RATE, 50.0)
    with pytest.raises(ValueError, match="at least the 4 poles"):
        slip_from_lines(found.spectrum, found.hz, 4, 2)
    with pytest.raises(ValueError, match="must rise"):
        slip_from_lines(found.spectrum, found.hz, 4, 28, slip_range=(0.05, 0.01))


def test_the_slot_search_adds_the_lines_one_by_one():
    rng = np.random.default_rng(0)
    prominence = rng.uniform(0.0, 40.0, 2000)
    slips = np.linspace(0.01, 0.06, 30)
    counts = np.array([10.0, 14.0, 22.0])
    signs = np.array([-3.0, -1.0, 1.0, 3.0])
    score, which = np.empty(30), np.empty(30, dtype=np.int64)
    slot_scores(prominence, 100.3, slips, counts, signs, 9.0, 30.0, score, which)
    expected, rows = oracle.slot_scores(prominence, 100.3, slips, counts, signs, 9.0, 30.0)
    np.testing.assert_allclose(score, expected)
    assert which.tolist() == rows
