"""The truth log: what happened to each fault, and everything else as JSON lines."""

import json
from pathlib import Path

import pytest

from emulator.truth import FaultTruth, TruthLog

SECOND = 1_000_000_000


def fault(kind: str = "imbalance", on: str = "pump1") -> FaultTruth:
    return FaultTruth(1, kind, on, "physics", {}, 10 * SECOND)


def test_a_fault_enters_the_truth_when_it_first_acts():
    log, happened = TruthLog(), fault()
    log.severity(happened, 0, 0.0)
    assert log.faults == []
    log.severity(happened, 11 * SECOND, 0.2)
    assert log.faults == [happened]
    assert happened.onset_ns == 11 * SECOND


def test_growth_is_noted_percent_by_percent_with_its_two_ends():
    log, happened = TruthLog(), fault()
    for step in range(1, 1001):
        log.severity(happened, step, step / 1000)
    log.severity(happened, 2000, 0.0)
    assert happened.severity[0] == (1, 0.001)
    assert happened.severity[-2:] == [(1000, 1.0), (2000, 0.0)]
    assert 95 < len(happened.severity) < 105
    steps = [b - a for (_, a), (_, b) in zip(happened.severity, happened.severity[1:], strict=False)]
    assert max(steps) < 0.0111


def test_a_fault_that_comes_back_is_open_again():
    log, happened = TruthLog(), fault()
    log.severity(happened, 1, 1.0)
    log.severity(happened, 2, 0.0)
    assert happened.cleared_ns == 2
    log.severity(happened, 3, 1.0)
    assert happened.cleared_ns is None
    assert log.faults == [happened]


def test_an_insertion_counts_for_the_open_fault_of_its_kind_and_place_only():
    log = TruthLog()
    here, there, over = (
        fault("modbus_exception", "drive1"),
        fault("modbus_exception", "bus1"),
        fault("modbus_exception", "drive1"),
    )
    log.severity(over, 1, 1.0)
    log.severity(over, 2, 0.0)
    for item in (here, there):
        log.severity(item, 3, 1.0)
    log.insertion("modbus_exception", "drive1", 4)
    log.insertion("modbus_no_answer", "drive1", 4)
    assert [item.inserted for item in (here, there, over)] == [1, 0, 0]


def test_the_file_holds_one_json_object_a_line(tmp_path: Path):
    path = tmp_path / "truth.jsonl"
    log = TruthLog(path)
    log.severity(fault(), 5, 0.5)
    log.insertion("imbalance", "pump1", 6, "detail")
    log.state(7, {"pump1.flow_m3_s": 0.02})
    log.command(8, "pid1.auto", True)
    log.close()
    log.close()
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(entry["t_ns"], entry["event"]) for entry in entries] == [
        (5, "severity"),
        (6, "insertion"),
        (7, "state"),
        (8, "command"),
    ]
    assert entries[0]["severity"] == 0.5
    assert entries[2]["pump1.flow_m3_s"] == 0.02
    assert entries[3]["value"] is True


def test_a_number_without_json_form_is_an_error_and_not_a_broken_file(tmp_path: Path):
    log = TruthLog(tmp_path / "truth.jsonl")
    with pytest.raises(ValueError, match="JSON compliant"):
        log.state(1, {"pump1.flow_m3_s": float("nan")})
    log.close()
    assert (tmp_path / "truth.jsonl").read_text(encoding="utf-8") == ""


def test_without_a_file_only_faults_are_kept():
    log = TruthLog()
    for t_ns in range(100):
        log.state(t_ns, {"pump1.flow_m3_s": 0.02})
        log.insertion("imbalance", "pump1", t_ns)
    assert log.faults == []
    assert not any(isinstance(getattr(log, name), list) and getattr(log, name) for name in vars(log))
