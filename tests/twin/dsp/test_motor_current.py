"""A record of motor current, from samples to verdict."""

import json

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.motor_current import analyze_current

RATE = 2000.0
T = np.arange(16000) / RATE


def vector(lower=0.0):
    return 10 * np.exp(2j * np.pi * 50.0 * T) * (1 + lower * np.exp(-2j * np.pi * 4.0 * T))


def three(lower=0.0):
    return oracle.phases(vector(lower)) + 0.002 * np.random.default_rng(0).standard_normal((3, T.size))


SOUND, BROKEN = three(), three(0.0294)
MOTOR = {"poles": 4, "supply_hz": 50.0, "speed_hz": 24.0}


def test_the_result_is_plain_json_in_the_shape_of_the_command():
    plain = analyze_current(BROKEN, RATE, **MOTOR, bars=28, vibration_hz={"outer": 86.0}).as_dict()
    assert list(plain) == ["diagnosis", "verdict", "reason", "band_hz", "features", "flags"]
    assert plain["band_hz"] is None
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert {"fault", "confidence", "evidence", "ambiguous_with"} == set(plain["diagnosis"][0])
    features = plain["features"]
    assert features["sideband_lower_db"] == pytest.approx(-30.63, abs=0.05)
    assert features["supply_hz"] == pytest.approx(50.0, abs=1e-4)
    assert "outer_+1_db" in features
    assert any(name.startswith("slot_eccentricity") for name in features)


def test_voltages_may_stand_between_current_and_rate():
    alone = analyze_current(SOUND, RATE, **MOTOR)
    named = analyze_current(SOUND, rate_hz=RATE, **MOTOR)
    both = analyze_current(SOUND, oracle.unbalanced(T, 50.0, 325.0), RATE, **MOTOR)
    assert alone.as_dict() == named.as_dict()
    assert both.features["negative_voltage_percent"] == pytest.approx(0.0, abs=1e-6)


def test_one_phase_tells_of_the_rotor_and_claims_no_sequence():
    result = analyze_current(BROKEN[0], RATE, **MOTOR)
    assert result.flags == ("single_phase",)
    assert result.sequence is None
    assert "negative_share_percent" not in result.features
    assert result.diagnosis[0]["fault"] == "rotor_bars"
    sound = analyze_current(SOUND[0], RATE, **MOTOR)
    assert sound.verdict == "healthy"
    assert "one phase tells nothing" in sound.reason


def test_phases_in_the_wrong_order_are_flagged_and_put_right():
    result = analyze_current(SOUND[[0, 2, 1]], RATE, **MOTOR)
    assert result.flags == ("phase_order",)
    assert result.features["negative_share_percent"] < 0.1
    assert result.verdict == "healthy"


def test_without_speed_or_rotor_lines_the_rotor_is_not_judged():
    result = analyze_current(SOUND, RATE, poles=4, supply_hz=50.0)
    assert result.verdict == "unknown"
    assert "slip unknown" in result.reason


def test_an_inverters_frequency_is_found():
    result = analyze_current(SOUND, RATE, **{**MOTOR, "supply_hz": None})
    assert result.features["supply_hz"] == pytest.approx(50.0, abs=1e-4)


@pytest.mark.parametrize(
    ("i", "words", "flags"),
    [
        (np.random.default_rng(1).standard_normal((3, 16000)), "no supply line stands out", ()),
        (oracle.unbalanced(T, 60.0, 5.0), "strongest line lies at 60 Hz", ()),
        (np.zeros((3, 16000)), "never changes", ("constant",)),
        (np.full((3, 16000), np.nan), "not numbers", ("nan",)),
        (np.zeros((3, 0)), "too short", ("short",)),
        (np.zeros(0), "too short", ("short",)),
    ],
)
def test_what_cannot_be_judged_is_unknown_with_the_reason(i, words, flags):
    result = analyze_current(i, RATE, **MOTOR)
    assert (result.verdict, result.diagnosis, result.flags) == ("unknown", [], flags)
    assert words in result.reason
    json.dumps(result.as_dict(), allow_nan=False)


def test_an_open_phase_is_called():
    current = np.array([np.zeros(16000), SOUND[1], -SOUND[1]])
    result = analyze_current(current, RATE, **MOTOR)
    assert (result.verdict, result.diagnosis[0]["fault"]) == ("faulty", "supply_unbalance")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rate_hz": 0.0}, "sample rate 0 Hz must be positive"),
        ({"rate_hz": float("nan")}, "must be positive"),
        ({"poles": 3}, "even number"),
        ({"supply_hz": 0.0}, "between 0 and 0.45"),
        ({"supply_hz": 950.0}, "between 0 and 0.45"),
        ({"speed_hz": 0.0}, "must be positive"),
        ({"speed_hz": -24.0}, "must be positive"),
        ({"speed_hz": 49.0}, r"poles \(2 would fit\)"),
        ({"i": SOUND.T}, "transpose it"),
        ({"v": np.ones((3, 5))}, "must be sampled like the current"),
        ({"v": np.full((3, 16000), np.inf)}, "voltage holds values"),
        ({"reference": SOUND[0]}, r"shape \(3, n\)|phases of the record"),
        ({"reference": SOUND * np.nan}, "reference holds values"),
    ],
)
def test_wrong_arguments_are_refused_by_name(change, words):
    with pytest.raises(ValueError, match=words):
        analyze_current(**{"i": SOUND, "rate_hz": RATE, **MOTOR, **change})
