"""What counts as found, wrong, late, lost, and as nobody's fault."""

import pytest
from numpy import array, float64, int64, nan, uint32

from hil.record import TimingStats
from hil.verdict.series import Blocks, Series

T0 = 1_735_689_600_000_000_000
S = 1_000_000_000


def texts(result):
    return " | ".join(r.text for r in result.reasons)


def measured(result, name):
    return next(m for m in result.measurements if m.name == name)


def test_the_right_fault_at_the_right_place_in_time_passes(case):
    result = (
        case.inject("bearing_outer_race", "pump1_de", 60).find("bearing_outer_race", "pump1_de", 95).detect().judge()
    )
    assert result.verdict.label == "pass"
    assert measured(result, "detect[bearing_outer_race@pump1_de].delay").value == pytest.approx(35.0)
    assert result.matches[0].outcome == "found"


@pytest.mark.parametrize(
    ("fault", "on", "detected", "said"),
    [
        ("bearing_outer_race", "pump1_de", 130, "delay = 70 s (limit 0 … 60)"),
        ("bearing_inner_race", "pump1_de", 95, "was taken for bearing_inner_race on pump1_de"),
        ("bearing_outer_race", "pump1_nde", 95, "was not found"),
        ("unknown", "pump1_de", 95, "was noticed but not diagnosed"),
        ("bearing_outer_race", "pump1_de", 20, "was not found"),
    ],
)
def test_late_wrong_misplaced_unnamed_and_premature_findings_fail(case, fault, on, detected, said):
    result = case.inject("bearing_outer_race", "pump1_de", 60).find(fault, on, detected).detect().judge()
    assert result.verdict.label == "fail"
    assert said in texts(result)


def test_nothing_found_fails(case):
    assert case.inject("imbalance", "pump1", 60).detect("imbalance", "pump1").judge().verdict.label == "fail"


def test_unknown_passes_where_any_diagnosis_will_do(case):
    case.inject("bearing_outer_race", "pump1_de", 60).find("unknown", "pump1_de", 95)
    assert case.detect(diagnosis="any").want("silent").judge().verdict.label == "pass"


def test_other_names_and_places_count_where_the_scenario_lists_them(case):
    case.inject("device_freeze", "plc1", 60, layer="device").find("device_frozen", "plc1.clock", 63)
    case.detect("device_freeze", "plc1", **{"as": ["device_frozen"], "at": ["plc1.clock"]}).want("silent")
    assert case.judge().verdict.label == "pass"


@pytest.mark.parametrize(("declared", "verdict"), [([], "fail"), (["bearing_ball"], "pass"), (["ambiguous"], "pass")])
def test_an_ambiguous_finding_counts_only_where_that_was_declared(case, declared, verdict):
    case.inject("bearing_outer_race", "pump1_de", 60)
    case.find("bearing_ball", "pump1_de", 95, ambiguous=["bearing_outer_race@pump1_de"])
    assert case.detect(**{"as": declared}).judge().verdict.label == verdict


def test_ambiguity_without_the_right_hypothesis_is_wrong(case):
    case.inject("bearing_outer_race", "pump1_de", 60)
    case.find("bearing_ball", "pump1_de", 95, ambiguous=["bearing_cage@pump1_de"])
    assert case.detect(**{"as": ["ambiguous"]}).judge().matches[0].outcome == "wrong"


def test_a_finding_without_a_cause_is_a_false_alarm(case):
    result = case.find("imbalance", "pump1", 50).want("silent").judge()
    assert result.verdict.label == "fail"
    assert result.false_alarms == ("imbalance:pump1:0",)
    assert "false_alarms = 1 (limit = 0): imbalance on pump1" in texts(result)


@pytest.mark.parametrize("allowed", ["communication_lost", "communication_lost@plc1"])
def test_what_the_scenario_allows_is_no_alarm(case, allowed):
    case.allow = [allowed]
    assert case.find("communication_lost", "plc1", 50).want("silent").judge().verdict.label == "pass"


def test_false_alarms_are_reported_but_not_judged_where_silence_was_not_asked_for(case):
    case.inject("imbalance", "pump1", 60).find("imbalance", "pump1", 70).find("sensor_bias", "pump1.flow", 80)
    result = case.detect("imbalance", "pump1").judge()
    assert result.verdict.label == "pass"
    assert len(result.false_alarms) == 1


def test_a_fault_real_hardware_cannot_have_is_inconclusive(case):
    case.inject("bearing_outer_race", "pump1_de", 60, skipped="pump1_de is real hardware").detect()
    result = case.judge()
    assert result.verdict.label == "inconc"
    assert "pump1_de is real hardware" in texts(result)


def test_a_fault_the_bench_did_not_deliver_is_the_benchs_error(case):
    case.inject("bearing_outer_race", "pump1_de", 60).detect()
    case.truth.clear()
    assert case.judge().verdict.label == "error"


def test_a_recording_is_judged_from_its_start(case):
    assert case.find("bearing_outer_race", "pump1_de", 30).detect(within=40).judge().verdict.label == "pass"


def test_a_late_wall_clock_run_accuses_nobody(case):
    case.facts |= {"clock": "wall", "lateness": TimingStats(10, 0.0, 0.2, 0.31)}
    result = case.inject("imbalance", "pump1", 60).detect("imbalance", "pump1").judge()
    assert result.verdict.label == "inconc"
    assert "fell 0.31 s behind its clock" in texts(result)


def test_lockstep_cannot_be_late(case):
    case.facts |= {"clock": "lockstep", "lateness": TimingStats(10, 0.0, 0.2, 5.0)}
    case.inject("imbalance", "pump1", 60).find("imbalance", "pump1", 70).detect("imbalance", "pump1")
    assert case.judge().verdict.label == "pass"


def test_loss_must_be_declared_in_time_and_by_the_device(case):
    case.inject("link_blackhole", "plc1", 60, until=75, layer="link").find("communication_lost", "plc1", 63.5)
    case.want("stale", device="plc1", within="5 s")
    assert measured(case.judge(), "stale[plc1].delay").value == pytest.approx(3.5)
    case.findings.clear()
    result = case.find("communication_lost", "drive1", 63).judge()
    assert result.verdict.label == "fail"
    assert "loss of plc1 was never declared" in texts(result)


def readings(times_s, values, status=None, received_s=None, stamp="source"):
    t = array([T0 + round(s * S) for s in times_s], dtype=int64)
    when = None if received_s is None else array([T0 + round(s * S) for s in received_s], dtype=int64)
    states = array(status or [0] * len(times_s), dtype=uint32)
    return Series(t, array(values, dtype=float64), states, when, stamp)


def test_a_device_has_recovered_when_its_last_point_has(case):
    case.inject("link_reset", "plc1", 60, until=75, layer="link").want("recovered", device="plc1", within="4 s")
    names = [p.id for p in case.rig.points_of("plc1")]
    case.facts["received"] = {n: readings([50, 77], [1, 1], received_s=[50, 77.1]) for n in names}
    case.facts["received"][names[0]] = readings([50, 76, 78], [1, nan, 1], [0, 0x80050000, 0], [50, 76, 78.2])
    assert measured(case.judge(), "recovered[plc1].delay").value == pytest.approx(3.2)


def test_a_point_that_never_comes_back_fails(case):
    case.inject("link_reset", "plc1", 60, until=75, layer="link").want("recovered", device="plc1", within="4 s")
    case.facts["received"] = {"pump1.flow": readings([50], [1], received_s=[50])}
    result = case.judge()
    assert result.verdict.label == "fail"
    assert "1 of 1 points gave no good value again, pump1.flow first" in texts(result)


def test_a_waveform_is_back_with_its_first_block(case):
    case.inject("link_reset", "plc1", 60, until=75, layer="link").want("recovered", device="plc1", within="4 s")
    name = next(p.id for p in case.rig.points_of("plc1") if p.waveform is not None)
    case.facts["received"] = {name: readings([62], [nan], [0x80050000], [62])}
    case.facts["received_blocks"] = {name: Blocks(array([0, 10]), array([10, 10]), array([T0 + 50 * S, T0 + 77 * S]))}
    assert measured(case.judge(), "recovered[plc1].delay").value == pytest.approx(2.0)


def offered():
    return {"pump1.flow": readings([k / 10 for k in range(100)], [0.02 + k * 1e-4 for k in range(100)])}


def test_values_that_are_what_was_offered_then_are_lossless(case):
    case.facts |= {
        "offered": offered(),
        "received": {"pump1.flow": readings([1, 1.5, 2], [0.021, 0.0215, 0.022])},
    }
    result = case.want("lossless").judge()
    assert result.verdict.label == "pass"
    assert measured(result, "lossless.compared").value == 3


def test_a_value_of_another_moment_is_misattributed_even_in_a_late_run(case):
    case.facts |= {"offered": offered(), "received": {"pump1.flow": readings([1, 1.5], [0.021, 0.021])}}
    case.facts |= {"clock": "wall", "lateness": TimingStats(1, 9.0, 9.0, 9.0)}
    result = case.want("lossless").judge()
    assert result.verdict.label == "fail"
    assert "pump1.flow = 0.021 at" in texts(result)


def test_a_hole_in_source_time_is_a_gap(case):
    case.facts |= {
        "offered": offered(),
        "received": {"pump1.flow": readings([1, 1.5, 4], [0.021, 0.0215, 0.024])},
    }
    assert measured(case.want("lossless").judge(), "lossless.gaps").value == 1


def test_bad_values_are_not_held_against_anybody(case):
    values = readings([1, 1.5, 2], [0.021, 99.0, 0.022], [0, 0x80050000, 0])
    case.facts |= {"offered": offered(), "received": {"pump1.flow": values}}
    assert measured(case.want("lossless").judge(), "lossless.misattributed").value == 0


def test_a_value_received_as_good_that_the_device_called_bad_is_misattributed(case):
    said = readings([1, 1.5], [0.021, nan], [0, 0x808C0000])
    case.facts |= {
        "offered": {"pump1.flow": said},
        "received": {"pump1.flow": readings([1, 1.5], [0.021, 0.0])},
    }
    assert measured(case.want("lossless").judge(), "lossless.misattributed").value == 1


def test_where_nobody_could_look_nothing_is_claimed(case):
    assert case.want("lossless").judge().verdict.label == "inconc"


def test_the_same_evidence_gives_the_same_record(case):
    case.inject("imbalance", "pump1", 60).find("imbalance", "pump1", 70).detect("imbalance", "pump1")
    assert case.judge().to_json() == case.judge().to_json()
