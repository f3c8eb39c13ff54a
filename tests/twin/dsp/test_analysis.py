"""Whole records: judged, or honestly not."""

import json

import numpy as np
import pytest

from tests.oracles.bearing_signals import machine_noise, spall
from twin.dsp.analysis import analyze
from twin.dsp.bearing import BEARINGS

RATE, SPEED = 25600.0, 24.63
BEARING = BEARINGS["6205"]


def healthy(seed=0, seconds=4.0):
    rng = np.random.default_rng(seed)
    return machine_noise(SPEED, RATE, int(seconds * RATE), rng)


def damaged(family="bearing_inner_race"):
    rng = np.random.default_rng(1)
    x = spall(family, (9, 0.3126, 1.537), SPEED, RATE, 4.0, rng=rng)
    return x / x.std() + machine_noise(SPEED, RATE, x.size, rng)


@pytest.mark.slow_without_jit
def test_damage_is_called_with_its_evidence():
    result = analyze(damaged(), RATE, SPEED, BEARING)
    assert result.verdict == "faulty"
    first = result.diagnosis[0]
    assert first["fault"] == "bearing_inner_race"
    assert first["confidence"] > 0.9
    assert first["evidence"]["line_hz"] == pytest.approx(BEARING.bpfi * SPEED, rel=0.01)
    assert result.band_hz is not None


@pytest.mark.slow_without_jit
def test_diagnoses_come_most_confident_first():
    confidences = [entry["confidence"] for entry in analyze(damaged(), RATE, SPEED, BEARING).diagnosis]
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.slow_without_jit
def test_a_healthy_record_is_healthy():
    result = analyze(healthy(), RATE, SPEED, BEARING)
    assert result.verdict == "healthy"
    assert all(entry["confidence"] < 0.5 for entry in result.diagnosis)


@pytest.mark.slow_without_jit
def test_gain_and_offset_change_nothing_that_is_said():
    plain = analyze(damaged(), RATE, SPEED, BEARING)
    other = analyze(1e-4 * damaged() + 3.0, RATE, SPEED, BEARING)
    assert other.verdict == plain.verdict
    assert other.diagnosis[0]["confidence"] == pytest.approx(plain.diagnosis[0]["confidence"], abs=0.01)


@pytest.mark.slow_without_jit
def test_the_same_record_gives_the_same_words():
    assert analyze(damaged(), RATE, SPEED, BEARING).as_dict() == analyze(damaged(), RATE, SPEED, BEARING).as_dict()


@pytest.mark.parametrize(
    ("x", "flag", "word"),
    [
        (np.empty(0), "empty", "empty"),
        (np.full(102400, 2.5), "constant", "never changes"),
        (np.zeros(102400), "constant", "never changes"),
        (np.where(np.arange(102400) % 1000 == 0, np.nan, healthy()), "nan", "not numbers"),
        (np.full(102400, np.nan), "nan", "not numbers"),
        (np.where(np.arange(102400) == 5, np.inf, healthy()), "inf", "infinite"),
        (np.clip(healthy(), -1.0, 1.0), "clipped", "saturated"),
        (np.round(healthy() / 2.0), "coarse", "few levels"),
        (healthy()[:5000], "short", "revolutions"),
    ],
    ids=["empty", "constant", "zero", "nan", "all-nan", "inf", "clipped", "coarse", "short"],
)
def test_a_record_not_fit_to_judge_is_not_judged(x, flag, word):
    result = analyze(x, RATE, SPEED, BEARING)
    assert result.verdict == "unknown"
    assert result.diagnosis == []
    assert flag in result.flags
    assert word in result.reason
    json.dumps(result.as_dict(), allow_nan=False)


def test_too_short_for_one_turn_of_the_cage_says_how_much_is_needed():
    result = analyze(healthy()[:2000], RATE, SPEED, BEARING)
    assert "1.9 revolutions, less than the 2.5 of one cage turn, 12 are the least: 0.49 s" in result.reason


def test_a_dead_sensor_is_called_dead():
    assert "dead" in analyze(np.zeros(102400), RATE, SPEED, BEARING).flags


@pytest.mark.slow_without_jit
def test_peaks_cut_here_and_there_are_told_and_the_record_judged():
    x = damaged()
    full_scale = 0.9 * np.abs(x).max()
    counts = np.clip(np.round(x / full_scale * 16384), -16384, 16383)
    counts[[100, 200]], counts[[300, 400]] = 16383, -16384
    result = analyze(counts, RATE, SPEED, BEARING)
    assert result.verdict == "faulty"
    assert "clipped" in result.flags
    assert any("converter" in remark for remark in result.remarks)


@pytest.mark.slow_without_jit
def test_a_wrong_clock_is_told():
    t = np.arange(int(4 * RATE)) / RATE
    x = healthy()
    for k in range(1, 11):
        x += 0.5 * np.sin(2 * np.pi * 60.0 * k * t) + 0.5 * np.sin(2 * np.pi * SPEED * k * t + k)
    assert "rate" in analyze(x, RATE / 1.024, SPEED, BEARING).flags
    assert analyze(x, RATE, SPEED, BEARING).flags == ()


def run_up(rate_of_change):
    """An outer-race spall while the speed rises by so much of itself over the record; speed track with it."""
    rng = np.random.default_rng(3)
    t = np.arange(int(4 * RATE)) / RATE
    speed = SPEED * (1.0 + rate_of_change * (t / 4.0 - 0.5))
    revs = np.cumsum(speed) / RATE
    strikes = np.searchsorted(revs, np.arange(1.0, BEARING.bpfo * revs[-1]) / BEARING.bpfo)
    x = rng.standard_normal(t.size)
    ring = np.exp(-np.arange(120) / 25.0) * np.sin(2 * np.pi * 5400.0 / RATE * np.arange(120))
    for at in strikes[strikes < t.size - 120]:
        x[at : at + 120] += 4.0 * ring
    return x, speed


@pytest.mark.slow_without_jit
def test_a_speed_track_keeps_lines_still_that_the_mean_speed_smears():
    x, speed = run_up(0.2)
    followed = analyze(x, RATE, speed[::100], BEARING)
    assert followed.diagnosis[0]["fault"] == "bearing_outer_race"
    assert followed.verdict == "faulty"
    smeared = analyze(x, RATE, SPEED, BEARING).lines["bearing_outer_race"]
    assert followed.lines["bearing_outer_race"].score_db > smeared.score_db + 5.0


def test_a_speed_that_moves_too_fast_is_not_judged():
    x, speed = run_up(1.0)
    result = analyze(x, RATE, speed[::100], BEARING)
    assert (result.verdict, result.diagnosis) == ("unknown", [])
    assert "speed_change" in result.flags
    assert "too fast" in result.reason


@pytest.mark.parametrize("track", [[24.0, 0.0, 24.0], [24.0, -3.0], [24.0, np.nan], []])
def test_a_track_of_impossible_speeds_is_refused(track):
    with pytest.raises(ValueError, match="shaft speed"):
        analyze(healthy(), RATE, np.array(track), BEARING)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("bands", ["raw", "kurtosis", "chosen"])
def test_every_way_to_choose_a_band_finds_plain_damage(bands):
    result = analyze(damaged(), RATE, SPEED, BEARING, bands=bands)
    assert result.diagnosis[0]["fault"] == "bearing_inner_race"
    assert result.verdict == "faulty"


def test_an_unknown_way_to_choose_bands_is_refused():
    with pytest.raises(ValueError, match="bands = 'best' must be"):
        analyze(healthy(), RATE, SPEED, BEARING, bands="best")


@pytest.mark.slow_without_jit
def test_what_differs_from_healthy_records_is_not_healthy_even_without_lines():
    references = [healthy(seed=0) for _ in range(1)]
    rng = np.random.default_rng(9)
    x = healthy(seed=0) + 2.0 * rng.standard_normal(int(4 * RATE))
    changed = analyze(x, RATE, SPEED, BEARING, reference=references)
    assert changed.verdict == "unknown"
    assert "changed" in changed.flags
    assert "no family of lines explains it" in changed.reason
    assert "changed" not in analyze(healthy(seed=0), RATE, SPEED, BEARING, reference=references).flags


@pytest.mark.slow_without_jit
def test_a_lone_blow_is_abnormal_but_no_bearing_fault():
    x = healthy()
    x[40000] += 400.0
    result = analyze(x, RATE, SPEED, BEARING)
    assert result.verdict == "unknown"
    assert all(entry["confidence"] < 0.5 for entry in result.diagnosis)


@pytest.mark.slow_without_jit
def test_imbalance_needs_the_unit_and_a_zone():
    t = np.arange(int(4 * RATE)) / RATE
    x = 0.2 * np.random.default_rng(0).standard_normal(t.size) + 2.0 * np.sin(2 * np.pi * SPEED * t)
    known = analyze(x, RATE, SPEED, BEARING, unit="m/s2")
    assert known.verdict == "faulty"
    assert known.diagnosis[0]["fault"] == "imbalance"
    assert known.features["velocity_rms_mm_s"] == pytest.approx(9.14, rel=0.02)
    small = analyze(0.1 * x, RATE, SPEED, BEARING, unit="m/s2")
    assert small.verdict == "healthy"
    unknown = analyze(x, RATE, SPEED, BEARING)
    assert unknown.diagnosis[0]["confidence"] < 0.5
    assert unknown.features["velocity_rms_mm_s"] is None


@pytest.mark.parametrize(
    ("rate", "speed", "unit", "message"),
    [
        (0.0, SPEED, None, "sample rate 0 Hz must be positive"),
        (RATE, -1.0, None, "shaft speed -60 rpm must be positive"),
        (RATE, float("nan"), None, "must be positive"),
        (100.0, SPEED, None, "too low"),
        (RATE, SPEED, "mm", "unit 'mm'"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(rate, speed, unit, message):
    with pytest.raises(ValueError, match=message):
        analyze(healthy(), rate, speed, BEARING, unit=unit)
