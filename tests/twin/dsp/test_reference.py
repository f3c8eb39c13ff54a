"""Comparing with healthy records: false alarms as rare as stated, changes found and located, abstentions said."""

import numpy as np
import pytest
from scipy import signal

from twin.dsp.reference import compare

RATE = 10000.0
N = 32 * 320
HIGH = signal.butter(4, [3000.0, 3600.0], "bandpass", fs=RATE, output="sos")


def record(seed, *, gain=1.0, extra=0.0, clicks=0.0, samples=N):
    """Noise and shaft lines; `extra` adds noise in 3.0-3.6 kHz, `clicks` an impact every 400 samples."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / RATE
    x = rng.standard_normal(samples) + np.sin(2 * np.pi * 50 * t) + 0.5 * np.sin(2 * np.pi * 567 * t)
    x += extra * signal.sosfilt(HIGH, rng.standard_normal(samples))
    x[::400] += clicks
    return gain * x


def healthy(count=4, first=0, **words):
    return [record(first + k, **words) for k in range(count)]


@pytest.mark.slow_without_jit
def test_unchanged_records_are_called_changed_no_more_often_than_stated():
    calls = [compare(record(100 + k), healthy(first=1000 + 4 * k), RATE, false_alarm=0.05) for k in range(60)]
    assert sum(call.outcome == "changed" for call in calls) <= 6  # 3 expected at most; 6 has a chance of 3 %
    assert np.median([call.p_value for call in calls]) > 0.3
    assert abs(np.median([call.score for call in calls])) < 0.3


@pytest.mark.slow_without_jit
def test_records_that_differ_from_each_other_anyway_call_no_more_often_either():
    gains = 10 ** (0.1 * np.random.default_rng(3).standard_normal((60, 5)))  # levels scatter by 2 dB
    calls = [
        compare(
            record(k, gain=gains[k, 0]),
            [record(2000 + 4 * k + j, gain=gains[k, 1 + j]) for j in range(4)],
            RATE,
            false_alarm=0.05,
        )
        for k in range(60)
    ]
    assert sum(call.outcome == "changed" for call in calls) <= 6
    assert "cannot say" in {call.outcome for call in calls}


def test_a_single_reference_alarms_no_more_often_either():
    calls = [compare(record(k, samples=100 * 256), [record(k + 500, samples=100 * 256)], RATE) for k in range(30)]
    assert sum(call.outcome == "changed" for call in calls) <= 2


def test_a_new_band_of_noise_is_found_and_located():
    result = compare(record(7, extra=1.5), healthy(), RATE)
    assert result.outcome == "changed"
    assert result.score > result.limit
    first = result.changes[0]
    assert first.name == "band"
    assert first.band_hz[0] < 3600.0
    assert first.band_hz[1] > 3000.0
    assert first.change_db == pytest.approx(10 * np.log10(1 + 1.5**2), abs=1.5)


def test_three_decibels_in_one_band_of_twenty_are_mostly_found():
    calls = [compare(record(k, extra=1.0), healthy(first=100 + 4 * k), RATE) for k in range(20)]
    assert sum(call.outcome == "changed" for call in calls) >= 14


def test_impacts_show_in_the_shape_features():
    result = compare(record(7, clicks=12.0), healthy(), RATE)
    assert result.outcome == "changed"
    assert {"kurtosis", "crest"} <= {change.name for change in result.changes}


def test_the_channel_that_changed_is_named():
    references = [np.vstack([record(k), record(k + 50)]) for k in range(4)]
    result = compare(np.vstack([record(8), record(9, extra=2.0)]), references, RATE)
    assert result.outcome == "changed"
    assert {change.channel for change in result.changes} == {1}


def test_more_level_is_a_change_unless_it_is_to_be_ignored():
    louder = record(7, gain=2.0)
    result = compare(louder, healthy(), RATE)
    assert result.outcome == "changed"
    assert result.distance_db == pytest.approx(6.02, abs=0.6)
    assert compare(louder, healthy(), RATE, ignore_level=True).outcome == "same"


def test_units_do_not_matter():
    plain = compare(record(7, extra=0.5), healthy(), RATE)
    scaled = compare(record(7, extra=0.5) * 9.81, [x * 9.81 for x in healthy()], RATE)
    assert scaled.p_value == plain.p_value
    assert scaled.score == pytest.approx(plain.score, rel=1e-9)


def test_references_that_differ_among_themselves_hide_what_differs_no_more():
    # the healthy machine is known at four levels; another level between them is nothing new, one far beyond is
    references = [record(k, gain=gain) for k, gain in enumerate((1.0, 1.5, 2.2, 3.3))]
    assert compare(record(9, gain=1.8), references, RATE).outcome == "same"
    assert compare(record(9, gain=20.0), references, RATE).outcome == "changed"
    result = compare(record(9), references, RATE)
    assert len(result.reference_scores) == 4
    assert result.limit > max(result.reference_scores)


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.full(N, 3.0), "the record is constant"),
        (np.where(np.arange(N) == 5, np.nan, record(1)), "the record is nan"),
        (np.where(np.arange(N) == 5, np.inf, record(1)), "the record is inf"),
        (np.clip(record(1), -0.5, 0.5), "the record is clipped"),
        (np.empty(0), "the record is empty"),
        (record(1)[:4000], "too short"),
    ],
    ids=["constant", "nan", "inf", "clipped", "empty", "short"],
)
def test_a_record_that_cannot_be_read_is_not_judged(x, reason):
    result = compare(x, healthy(), RATE)
    assert result.outcome == "cannot say"
    assert reason in result.reason
    assert np.isnan(result.score)


def test_a_broken_reference_is_named():
    assert "reference 2 is constant" in compare(record(1), [record(2), np.zeros(N)], RATE).reason


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"references": []}, "references is empty"),
        ({"rate_hz": 0.0}, "rate_hz = 0.0 must be positive"),
        ({"false_alarm": 0.5}, r"false_alarm = 0.5 must be in \[0.001, 0.2\]"),
        ({"references": [np.zeros((2, N))]}, r"records have \[1, 2\] channels"),
        ({"x": np.zeros((2, 2, 5))}, r"must be \[n\] or \[channels, n\]"),
    ],
)
def test_what_makes_no_sense_is_refused(words, message):
    with pytest.raises(ValueError, match=message):
        compare(**{"x": record(1), "references": [record(2)], "rate_hz": RATE} | words)
