"""Velocity in band, by spectrum and by filter, and its zones."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tests.oracles import features as oracle
from twin.dsp.iso20816 import (
    G,
    VelocityMeter,
    severity,
    velocity_band_hz,
    velocity_rms,
    velocity_sections,
    zone_table,
)

RATE = 25600.0
ONE_G_HZ = 1000.0 / (2.0 * math.pi)  # 159.155 Hz: 1 g rms is 9.80665 mm/s rms there


def tones(*lines, rate_hz=RATE, seconds=4.0, phase=0.4):
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return sum(a * np.sin(2 * np.pi * f * t + phase) for a, f in lines)


def metered(x, rate_hz=RATE, band_hz=(10.0, 1000.0)):
    meter = VelocityMeter(rate_hz, band_hz)
    meter.update(x)
    return meter


@pytest.mark.parametrize(
    ("velocity", "zone"), [(0.5, "A"), (1.4, "B"), (2.0, "B"), (3.0, "C"), (4.5, "D"), (20.0, "D")]
)
def test_a_velocity_falls_into_its_zone(velocity, zone):
    assert zone_table("group2", "rigid").zone(velocity) == zone


def test_a_table_says_its_edition():
    assert zone_table("group1", "flexible").edition == "ISO 10816-3:2009"
    assert zone_table("pump_category1_to_200kw").boundaries_mm_s == (2.5, 4.0, 6.6)


@pytest.mark.parametrize(("velocity", "zone"), [(0.1, "AB"), (2.79, "AB"), (2.8, "C"), (4.5, "D")])
def test_an_edition_that_merges_two_zones_gives_both_letters(velocity, zone):
    table = zone_table("group2", "rigid", "ISO 20816-3:2022")
    assert table.zone(velocity) == zone
    assert "not compared with the standard" in table.note


def test_no_velocity_has_no_zone():
    assert zone_table("group2", "rigid").zone(math.nan) == ""


def test_slow_machines_are_judged_from_2_hz():
    assert velocity_band_hz(9.9) == (2.0, 1000.0)
    assert velocity_band_hz(10.0) == (10.0, 1000.0)
    assert velocity_band_hz(None) == (10.0, 1000.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("group9", "rigid"), "no vibration zones for group9/rigid; did you mean 'group[12]'.*group2/rigid"),
        (("pump_category1", "any"), "did you mean 'pump_category1_to_200kw'"),
        (("group1", "any"), "group1/any; known: group1/rigid"),
        (("group1", "rigid", "ISO 1:1999"), "in ISO 1:1999; editions: ISO 10816-3:2009, ISO 10816-7:2009"),
    ],
)
def test_an_unknown_table_is_refused_with_those_there_are(words, message):
    with pytest.raises(ValueError, match=message):
        zone_table(*words)


@pytest.mark.parametrize("rate_hz", [2560.0, 10000.0, RATE, 51200.0])
def test_one_g_at_159_155_hz_is_9_80665_mm_s_by_spectrum_and_by_filter(rate_hz):
    x = tones((G * math.sqrt(2), ONE_G_HZ), rate_hz=rate_hz)
    assert velocity_rms(x, rate_hz, (10.0, min(1000.0, 0.45 * rate_hz))) == pytest.approx(9.80665, rel=0.005)
    assert metered(x, rate_hz).velocity_rms_mm_s == pytest.approx(9.80665, rel=0.005)


def test_several_lines_add_by_power_and_those_outside_the_band_do_not():
    lines = ((1.0, 24.7), (3.0, 148.0), (20.0, 730.0), (0.2, 4.0), (400.0, 5000.0))
    expected = 1e3 * oracle.velocity_rms_of_tones(lines, 10.0, 1000.0)
    assert velocity_rms(tones(*lines) + 3.0, RATE) == pytest.approx(expected, rel=0.003)
    assert metered(tones(*lines) + 3.0).velocity_rms_mm_s == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("rate_hz", [3000.0, 10000.0, 51200.0])
def test_the_filter_is_an_integral_in_the_band_and_3_db_down_at_its_edges(rate_hz):
    def error_db(*freq):
        ideal = 1.0 / (2.0 * np.pi * np.array(freq))
        return 20 * np.log10(np.abs(signal.sosfreqz(velocity_sections(rate_hz), freq, fs=rate_hz)[1]) / ideal)

    assert np.max(np.abs(error_db(20.0, 50.0, 159.155, 500.0))) < 0.05
    assert np.max(np.abs(error_db(14.0, 700.0))) < 0.3
    assert error_db(10.0)[0] == pytest.approx(-3.01, abs=0.02)
    assert error_db(1000.0)[0] == pytest.approx(-3.01, abs=0.45 if rate_hz < 5000 else 0.05)
    assert error_db(5.0)[0] == pytest.approx(-24.1, abs=0.2)


def test_a_line_on_the_edge_of_a_record_is_not_counted_whole_and_one_beside_it_is():
    for shift in (0.0, 0.37, 0.999):
        edge = 10.0 + shift / 4.0  # bins of ¼ Hz
        x = tones((1.0, edge))
        whole = 1e3 * oracle.velocity_rms_of_tones([(1.0, edge)], 0.0, 1e9)
        assert -8.0 < 20 * math.log10(velocity_rms(x, RATE, (edge, 1000.0)) / whole) < -0.7
        assert velocity_rms(x, RATE, (edge - 0.5, 1000.0)) == pytest.approx(whole, rel=0.005)
        assert velocity_rms(x, RATE, (edge + 0.51, 1000.0)) < 0.05 * whole


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 6000), max_size=8))
def test_any_split_gives_the_same_bits(cuts):
    x = np.random.default_rng(2).standard_normal(6000) + 9.0
    x[2000:2011] = np.nan
    x[4000] = np.inf
    split = VelocityMeter(2560.0, (20.0, 1000.0))
    for start, stop in itertools.pairwise([0, *sorted(cuts), x.size]):
        split.update(x[start:stop])
    whole = metered(x, 2560.0, (20.0, 1000.0))
    assert split.velocity_rms_mm_s == whole.velocity_rms_mm_s
    assert (split.seconds, split.gaps) == (whole.seconds, whole.gaps)
    assert whole.gaps == 2


def test_an_offset_at_the_start_leaves_no_trace():
    x = tones((1.0, 100.0), seconds=2.0, phase=0.0)
    assert metered(x + 500.0).velocity_rms_mm_s == pytest.approx(metered(x).velocity_rms_mm_s, rel=1e-9)


def test_a_gap_is_left_out_and_settled_after():
    x = tones((1.0, 100.0))
    holes = x.copy()
    holes[40000:40100] = np.nan
    meter = metered(holes)
    assert meter.gaps == 1
    assert meter.seconds == pytest.approx(4.0 - 2 * 0.5 - 100 / RATE, abs=1e-3)
    assert meter.velocity_rms_mm_s == pytest.approx(metered(x).velocity_rms_mm_s, rel=1e-3)


def test_a_meter_says_nothing_while_it_settles_and_may_start_a_new_average():
    meter = VelocityMeter(RATE)
    meter.update(tones((1.0, 100.0), seconds=0.4))
    assert math.isnan(meter.velocity_rms_mm_s)
    meter.update(tones((1.0, 100.0)))
    meter.restart()
    assert math.isnan(meter.velocity_rms_mm_s)
    meter.update(tones((1.0, 100.0), seconds=0.1))
    assert meter.seconds == pytest.approx(0.1)


def test_severity_names_table_edition_and_band():
    x = tones((3.0, 148.0)) / G
    result = severity(x, RATE, 24.7, group="group2", support="flexible", unit="g")
    assert result.velocity_mm_s == pytest.approx(1e3 * 3.0 / math.sqrt(2) / (2 * math.pi * 148.0), rel=0.002)
    assert (result.zone, result.edition, result.band_hz) == ("A", "ISO 10816-3:2009", (10.0, 1000.0))
    assert severity(x, RATE, 24.7, group="group2", edition="ISO 20816-3:2022", unit="g").zone == "AB"
    assert severity(x, RATE, 24.7, group="pump_category2_to_200kw", unit="g").edition == "ISO 10816-7:2009"


def test_a_slow_machine_shows_what_the_usual_band_would_miss():
    x = tones((0.2, 5.0))
    assert severity(x, RATE, 5.0, group="group1").velocity_mm_s == pytest.approx(4.5, rel=0.01)
    assert severity(x, RATE, None, group="group1").velocity_mm_s < 0.2


def test_a_rate_too_low_for_the_band_gives_no_zone_and_says_why():
    x = tones((3.0, 148.0), rate_hz=1000.0)
    result = severity(x, 1000.0, 24.7, group="group2")
    assert result.zone is None
    assert result.band_hz == (10.0, 450.0)
    assert "zone is B or worse" in result.note


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: velocity_rms(np.zeros(1000), RATE), "0.0391 s and must be 0.5 s or more"),
        (lambda: velocity_rms(np.empty(0), RATE), "0 samples"),
        (lambda: velocity_rms(np.full(RATE_N, np.nan), RATE), "NaN or infinite"),
        (lambda: velocity_rms(np.zeros((2, RATE_N)), RATE), "one line of samples"),
        (lambda: velocity_rms(np.zeros(RATE_N), 0.0), "rate_hz = 0.0 must be positive"),
        (lambda: velocity_rms(np.zeros(RATE_N), 1000.0), "at most half the sample rate, 500 Hz"),
        (lambda: VelocityMeter(RATE, (0.0, 1000.0)), "must rise from above 0"),
        (lambda: severity(np.zeros(RATE_N), RATE, 0.0, group="group1"), "speed_hz = 0.0 must be positive"),
        (lambda: severity(np.zeros(RATE_N), RATE, 25.0, group="group1", unit="mm/s"), "must be 'm/s2' or 'g'"),
        (lambda: severity(np.zeros(RATE_N), RATE, 25.0, group="grop1"), "did you mean 'group1'"),
    ],
)
def test_what_cannot_be_judged_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


RATE_N = 25600


def test_silence_is_zone_a():
    assert severity(np.zeros(RATE_N), RATE, 25.0, group="group1").zone == "A"
