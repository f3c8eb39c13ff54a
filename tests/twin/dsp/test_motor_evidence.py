"""What is called, what is shared between two causes, and what stays open."""

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.motor_current import analyze_current
from twin.dsp.motor_evidence import Findings

RATE = 2000.0
T = np.arange(24000) / RATE
SLIP, SPEED = 0.04, 24.0


def record(*, lower=0.0, upper=0.0, negative=0.0, rotation=0.0, seed=0, noise=0.002):
    vector = 10 * np.exp(2j * np.pi * 50.0 * T)
    vector = vector * (1 + lower * np.exp(-2j * np.pi * 4.003 * T) + upper * np.exp(2j * np.pi * 4.003 * T + 1j))
    vector = vector + 10 * rotation * (np.exp(2j * np.pi * 26.0 * T) + np.exp(2j * np.pi * 74.0 * T + 1j))
    vector = vector + 10 * np.conj(negative) * np.exp(-2j * np.pi * 50.0 * T)
    return oracle.phases(vector) + noise * np.random.default_rng(seed).standard_normal((3, T.size))


def judge(i, v=None, **options):
    return analyze_current(i, v, RATE, **{"poles": 4, "supply_hz": 50.0, "speed_hz": SPEED, **options})


def voltage(negative=0.0):
    return oracle.unbalanced(T, 50.0, 325.0, 325.0 * negative)


def test_a_sound_motor_is_healthy():
    result = judge(record(lower=0.001, upper=0.001, negative=0.01))
    assert (result.verdict, result.diagnosis) == ("healthy", [])


def test_sound_motors_of_all_kinds_are_never_called():
    rng = np.random.default_rng(11)
    for seed in range(25):
        lines = dict(zip(("lower", "upper", "rotation"), 10 ** (rng.uniform(-70, -52, 3) / 20), strict=True))
        sound = record(negative=0.04 * rng.random() * np.exp(6.28j * rng.random()), seed=seed, **lines)
        assert judge(sound * rng.uniform(0.99, 1.01, (3, 1))).verdict == "healthy"


def test_sidebands_alone_are_rotor_or_load_and_neither_is_called():
    result = judge(record(lower=0.029, upper=0.01), bars=28)
    assert result.verdict == "unknown"
    assert "rotor asymmetry or load oscillation" in result.reason
    assert [entry["fault"] for entry in result.diagnosis] == ["rotor_bars", "load_oscillation"]
    rotor, load = result.diagnosis
    assert rotor["confidence"] == load["confidence"] < 0.5
    assert (rotor["ambiguous_with"], load["ambiguous_with"]) == (["load_oscillation"], ["rotor_bars"])
    assert rotor["evidence"]["sum"] == pytest.approx(0.039, rel=0.01)
    assert rotor["evidence"]["bars_at_least"] == pytest.approx(28 * 0.039, rel=0.01)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(
    ("fault", "settings"),
    [("rotor_bars", {"bars_broken": 1}), ("load_oscillation", {"swing": 0.05, "swing_hz": 4.11})],
)
def test_with_voltages_the_swing_of_power_tells_rotor_from_load(fault, settings):
    i, v, speed = oracle.simulate(oracle.M2K2, inertia=0.05, load_nm=14.6, seconds=4.0, **settings)
    result = judge(oracle.phases(i), oracle.phases(v), speed_hz=speed.mean())
    assert result.verdict == "faulty"
    assert [entry["fault"] for entry in result.diagnosis] == [fault]
    assert result.diagnosis[0]["ambiguous_with"] == []


def test_a_pair_that_cannot_be_resolved_is_no_pair_and_no_health_either():
    result = judge(record(lower=0.03)[:, :3000])
    assert result.verdict == "unknown"
    assert "rotor bars: not resolvable: at 4 % slip 2.0 s is needed, there are 1.5 s" in result.reason
    assert result.features["sideband_lower_db"] is None


def test_noise_that_could_hide_a_broken_bar_is_no_health():
    result = judge(record(noise=4.0))
    assert result.verdict == "unknown"
    assert "drown in the noise" in result.reason


def test_a_negative_sequence_alone_is_stator_or_supply():
    result = judge(record(negative=0.15))
    assert result.verdict == "unknown"
    assert [entry["fault"] for entry in result.diagnosis] == ["stator_turns", "supply_unbalance"]
    assert result.diagnosis[0]["ambiguous_with"] == ["supply_unbalance"]
    assert "voltages or a healthy record can tell" in result.reason


def test_a_negative_sequence_that_healthy_records_lack_is_called():
    result = judge(record(negative=0.09), reference=[record(negative=0.02, seed=1), record(negative=0.022, seed=2)])
    assert result.verdict == "faulty"
    assert result.diagnosis[0]["fault"] == "stator_turns"
    assert result.diagnosis[0]["ambiguous_with"] == ["supply_unbalance"]
    assert result.diagnosis[0]["evidence"]["excess_over_healthy"] == pytest.approx(0.069, abs=1e-3)


def test_a_negative_sequence_that_healthy_records_share_is_nothing():
    assert judge(record(negative=0.09), reference=record(negative=0.085, seed=1)).verdict == "healthy"


def test_a_turned_negative_sequence_is_new_though_no_larger():
    result = judge(record(negative=-0.05), reference=record(negative=0.05, seed=1))
    assert result.confidence("stator_turns") > 0.9


def test_healthy_records_that_differ_among_themselves_raise_the_limit():
    apart = [record(negative=0.0, seed=1), record(negative=0.1, seed=2)]
    assert judge(record(negative=0.12), reference=apart).confidence("stator_turns") < 0.5


def test_a_voltage_unbalance_explains_the_negative_sequence_it_makes():
    result = judge(record(negative=0.18), voltage(0.03))
    assert (result.verdict, result.diagnosis[0]["fault"]) == ("faulty", "supply_unbalance")
    assert result.confidence("stator_turns") < 0.1


def test_a_negative_sequence_beyond_what_the_voltage_makes_is_the_stators():
    # V-MOT-8: 2 % of shorted turns make 13.76 % on a balanced supply
    result = judge(record(negative=0.1376), voltage(0.0005))
    assert (result.verdict, result.diagnosis[0]["fault"]) == ("faulty", "stator_turns")
    assert result.diagnosis[0]["ambiguous_with"] == []


def test_rotation_lines_are_eccentricity_or_load():
    result = judge(record(rotation=0.03))
    assert result.verdict == "unknown"
    assert {entry["fault"] for entry in result.diagnosis} == {"eccentricity", "load_oscillation"}
    assert "once per turn" in result.reason


def test_rotation_lines_as_in_the_healthy_record_are_nothing():
    assert judge(record(rotation=0.02), reference=record(rotation=0.019, seed=1)).verdict == "healthy"
    assert judge(record(rotation=0.02), reference=record(rotation=0.004, seed=1)).confidence("eccentricity") > 0.4


def test_gains_that_differ_raise_the_limit_by_what_the_zero_sequence_shows():
    current = record(negative=0.06) * np.array([1.0, 1.12, 0.94])[:, None]
    result = judge(current)
    assert "zero_sequence" in result.flags
    assert result.confidence("stator_turns") < 0.2


def test_one_entry_a_fault_the_most_confident():
    found = Findings([])
    found.add("load_oscillation", 0.3, {})
    found.add("load_oscillation", 0.4, {"x": float("nan")})
    found.add("eccentricity", 0.01, {})
    assert found.sorted() == [
        {"fault": "load_oscillation", "confidence": 0.4, "evidence": {"x": None}, "ambiguous_with": []}
    ]
