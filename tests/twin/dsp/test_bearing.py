"""Kinematics against published multipliers; reading bearings as people type them."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from tests.oracles import features as oracle
from twin.dsp.bearing import BEARINGS, FAMILIES, BearingGeometry, parse_bearing


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
        ("6202", "unknown bearing '6202'; did you mean '6203'. Also near: '6201', '6204'"),
        ("6250", "did you mean '6205'"),
        ("UN206", "did you mean 'NU206'"),
        ("SKF 6025-2RS", "did you mean '6205'"),
        ("6205 with sand", "unknown bearing"),
        ("x", "36 bearings are built in .* or give n,d,D,angle"),
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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SKF 6205-2RS/C3", "6205"),
        ("62052RS", "6205"),
        ("NSK 6205 ZZ", "NSK6205"),
        ("fag 6203", "FAG6203"),
        ("KOYO 6204", "6204"),
        ("nu206 ECP", "NU206"),
        ("FAG 22205 E1-K-C3", "22205"),
        ("er-16k", "ER16K"),
        ("MB ER-16KCL", "ER16K"),
        ("Rexnord ZA-2115", "ZA2115"),
        ("ims", "ZA2115"),
        ("pronostia", "PRONOSTIA"),
        ("6207", "KG6207"),
    ],
)
def test_seals_clearances_and_makers_do_not_hide_a_bearing(text, name):
    assert parse_bearing(text).name == name


@pytest.mark.parametrize(
    ("name", "speed_hz", "lines"),
    [
        ("6205", 1797 / 60, (107.364, 162.186, 141.168, 11.929)),
        ("ZA2115", 2000 / 60, (236.4, 296.9, 279.8, None)),  # as the data set's own page states them
        ("NU205", 20.0, (104.65, 155.35, None, None)),
        ("UER204", 40.0, (123.32, 196.68, None, None)),
        ("22205", 1.0, (6.1852, 8.8148, 5.4030, 0.4123)),
        ("32305", 1.0, (5.111, 7.889, 2 * 2.203, 0.393)),
        ("352213", 1.0, (8.071, 10.929, 2 * 3.164, None)),
        ("NU206", 1.0, (5.24, 7.76, 2 * 2.49, None)),
        ("MAFAULDA", 1.0, (2.998, 5.002, 2 * 1.871, 0.375)),
        ("ER16K", 1.0, (3.572, 5.43, 2 * 2.322, None)),
    ],
)
def test_the_lines_are_those_printed_by_the_source(name, speed_hz, lines):
    ours = BEARINGS[name].orders()
    for family, printed in zip(FAMILIES, lines, strict=True):
        if printed is not None:
            assert ours[family] * speed_hz == pytest.approx(printed, rel=4e-3 if printed < 10 else 3e-4), family


def test_every_entry_states_its_source_and_fits_into_itself():
    rows = json.loads(resources.files("twin.dsp").joinpath("data/bearings.json").read_text(encoding="utf-8"))[
        "bearings"
    ]
    assert [row["name"] for row in rows] == list(BEARINGS)
    for row in rows:
        bearing = BEARINGS[row["name"]]
        assert len(bearing.source) > 15
        assert bearing.unit in ("mm", "in", "pitch")
        # elements side by side on the pitch circle
        assert bearing.elements * bearing.element_diameter < 3.1416 * bearing.pitch_diameter, row["name"]


def test_importing_the_module_reads_no_table():
    code = "import twin.dsp.bearing as b; print(b._table.cache_info().currsize, b.BEARINGS['6205'].elements)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["0", "9"]


@pytest.mark.parametrize(("inner_hz", "outer_hz"), [(30.0, 0.0), (0.0, 30.0), (30.0, -12.0), (30.0, 29.0)])
def test_either_ring_may_turn(inner_hz, outer_hz):
    bearing = BearingGeometry(16, 0.331, 2.815, 0.26477)
    slow = oracle.bearing_rates(16, 0.331, 2.815, 15.17019, inner_hz, outer_hz)
    ours = bearing.rates_hz(inner_hz, outer_hz)
    expected = (slow["outer"], slow["inner"], 2 * slow["spin"], slow["cage"])
    assert tuple(ours.values()) == pytest.approx(expected, rel=1e-6)


def test_with_the_outer_ring_turning_the_cage_is_fast_and_the_races_are_passed_as_before():
    wheel = BearingGeometry(9, 0.3126, 1.537, outer_rotates=True)
    shaft = BEARINGS["6205"]
    assert (wheel.bpfo, wheel.bpfi, wheel.bsf) == (shaft.bpfo, shaft.bpfi, shaft.bsf)
    assert wheel.ftf == pytest.approx(1.0 - shaft.ftf, rel=1e-12)
    assert wheel.bpfi == pytest.approx(wheel.elements * wheel.ftf, rel=1e-12)
    assert tuple(wheel.orders().values()) == pytest.approx(tuple(wheel.rates_hz(0.0, 1.0).values()), rel=1e-12)


def test_ring_speeds_must_be_numbers():
    with pytest.raises(ValueError, match="must be finite"):
        BEARINGS["6205"].rates_hz(float("nan"))


def test_the_docs_list_every_bearing_as_it_is():
    page = (Path(__file__).parents[3] / "docs" / "dsp" / "kinematics.md").read_text(encoding="utf-8")
    for bearing in BEARINGS.values():
        row = f"| {bearing.name} | {bearing.elements} | {bearing.element_diameter:g} | {bearing.pitch_diameter:g} |"
        assert row in page
        assert bearing.source in page
