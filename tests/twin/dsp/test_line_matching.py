"""Reading measured lines: slip is allowed for, speed errors and slip are told apart."""

import math

import pytest

from twin.dsp.bearing import BEARINGS
from twin.dsp.line_matching import matches, sum_rule

B = BEARINGS["6205"]


@pytest.mark.parametrize(
    ("order", "family", "harmonic"),
    [
        (B.bpfo * 0.985, "bearing_outer_race", 1),
        (2 * B.bpfi * 1.01, "bearing_inner_race", 2),
        (2 * B.bsf, "bearing_ball", 1),
        (B.ftf * 1.012, "bearing_cage", 1),
    ],
)
def test_a_line_within_the_slip_is_matched(order, family, harmonic):
    best = matches(order, B)[0]
    assert (best.family, best.harmonic) == (family, harmonic)
    assert best.deviation == pytest.approx(order / best.order - 1.0)


def test_a_line_elsewhere_is_nothing():
    assert matches(1.0, B) == ()
    assert matches(B.bpfo * 1.03, B) == ()


def test_a_line_that_could_be_two_things_is_told_as_two():
    both = matches(9 * B.ftf, B, harmonics=9)  # n times the cage is the outer race
    assert {match.family for match in both} == {"bearing_outer_race", "bearing_cage"}


@pytest.mark.parametrize("slip", [0.0, 0.01, -0.01])
def test_the_sum_gives_the_speed_whatever_the_slip(slip):
    cage = B.ftf * (1.0 - slip) * 29.95
    result = sum_rule(9 * cage, 9 * (29.95 - cage), B, speed_hz=29.95)
    assert result.speed_hz == pytest.approx(29.95, rel=1e-12)
    assert result.cage_slip == pytest.approx(slip, abs=1e-12)
    assert result.speed_agrees
    assert result.geometry_agrees


def test_a_wrong_clock_is_a_wrong_speed_and_no_slip():
    off = 20480 / 20000
    result = sum_rule(B.bpfo * 30 / off, B.bpfi * 30 / off, B, speed_hz=30.0)
    assert not result.speed_agrees
    assert result.geometry_agrees
    assert result.speed_error == pytest.approx(off - 1.0)
    assert "clock is off by +2.40 %" in result.reading


def test_another_makers_bearing_is_a_geometry_matter():
    other = BEARINGS["PRONOSTIA"]
    n = B.elements
    result = sum_rule(30 * n * other.ftf, 30 * n * (1 - other.ftf), B, speed_hz=30.0)
    assert result.speed_agrees
    assert not result.geometry_agrees
    assert "geometry does not" in result.reading


def test_two_lines_of_something_else_are_no_pair():
    assert "not a pair" in sum_rule(50.0, 100.0, B, speed_hz=30.0).reading
    assert "geometry is wrong" in sum_rule(50.0, 100.0, B).reading


def test_without_a_speed_the_lines_still_say_one():
    result = sum_rule(B.bpfo * 31, B.bpfi * 31, B)
    assert result.speed_agrees is None
    assert math.isnan(result.speed_error)
    assert "31 Hz" in result.reading


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: matches(0.0, B), "order = 0.0 must be positive"),
        (lambda: matches(3.0, B, tolerance=2.0), r"tolerance = 2.0 must be in \(0, 0.1\]"),
        (lambda: matches(3.0, B, harmonics=0), "harmonics = 0"),
        (lambda: sum_rule(160.0, 107.0, B), "exchange them"),
        (lambda: sum_rule(math.nan, 107.0, B), "outer_hz = nan must be positive"),
        (lambda: sum_rule(107.0, 160.0, B, speed_hz=-1.0), "speed_hz = -1.0"),
    ],
)
def test_impossible_lines_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
