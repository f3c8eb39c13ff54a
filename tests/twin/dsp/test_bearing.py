"""Kinematics against published multipliers; reading bearings as people type them."""

import pytest

from twin.dsp.bearing import BEARINGS, parse_bearing


@pytest.mark.parametrize(
    ("name", "bpfo", "bpfi", "twice_bsf", "ftf"),
    [("6205", 3.5848, 5.4152, 4.7135, 0.39828), ("6203", 3.0530, 4.9469, 3.9874, 0.3817)],
)
def test_the_multipliers_are_the_published_ones(name, bpfo, bpfi, twice_bsf, ftf):
    bearing = BEARINGS[name]
    assert bearing.bpfo == pytest.approx(bpfo, abs=2e-4)
    assert bearing.bpfi == pytest.approx(bpfi, abs=2e-4)
    assert 2 * bearing.bsf == pytest.approx(twice_bsf, abs=3e-4)
    assert bearing.ftf == pytest.approx(ftf, abs=2e-4)


def test_the_test_rig_bearing_gives_its_published_lines_at_25_hz():
    assert 25 * BEARINGS["MFPT"].bpfo == pytest.approx(81.125, abs=0.01)
    assert 25 * BEARINGS["MFPT"].bpfi == pytest.approx(118.875, abs=0.01)


@pytest.mark.parametrize("bearing", BEARINGS.values(), ids=str)
def test_inner_and_outer_lines_add_up_to_the_elements(bearing):
    assert bearing.bpfo + bearing.bpfi == pytest.approx(bearing.elements, rel=1e-12)
    assert bearing.bpfo == pytest.approx(bearing.elements * bearing.ftf, rel=1e-12)


@pytest.mark.parametrize("text", ["6205", "SKF 6205", "6205-2RS", "6205-2RS JEM", "cwru-de", "CWRU_DE"])
def test_a_bearing_goes_by_several_names(text):
    assert parse_bearing(text) is BEARINGS["6205"]


def test_any_length_unit_will_do():
    inch = parse_bearing("9,0.3126,1.537,0")
    metric = parse_bearing("9, 7.94004, 39.0398, 0")
    assert inch.bpfo == pytest.approx(metric.bpfo, rel=1e-9)


def test_the_angle_may_be_left_out_and_lowers_the_ratio_when_given():
    assert parse_bearing("9,1,5").ratio == pytest.approx(0.2)
    assert parse_bearing("9,1,5,60").ratio == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("6202", "did you mean '6203'|did you mean '6205'"),
        ("x", "n,d,D,angle"),
        ("9,1", "rolling elements, their diameter"),
        ("9,a,5,0", "four numbers"),
        ("8.5,1,5,0", "whole number"),
        ("9,5,1,0", "smaller than the pitch diameter"),
        ("2,1,5,0", "3 or more"),
        ("9,1,5,90", "degrees must be in"),
        ("9,nan,5,0", "finite"),
    ],
)
def test_a_wrong_bearing_is_refused_with_the_way_out(text, message):
    with pytest.raises(ValueError, match=message):
        parse_bearing(text)
