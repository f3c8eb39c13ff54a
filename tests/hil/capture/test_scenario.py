"""The capture on disk: what a person opens with any Parquet reader; and the record beside it."""

# Made-up data reads best one thing a line.

import json

import numpy as np
import pyarrow.parquet as pq

from hil.capture.record import write_record
from hil.capture.scenario import write_capture
from hil.record import FaultTrace, RunRecord, ScenarioResult
from hil.verdict.evaluate import Facts
from hil.verdict.lattice import Judgement, Verdict
from hil.verdict.measurements import Measurement
from hil.verdict.series import Blocks, Series

T0 = 1_735_689_600_000_000_000
S = 1_000_000_000


def series(n):
    return Series(np.arange(n) * S + T0, np.arange(n) * 1.5, np.zeros(n, dtype=np.uint32), np.arange(n) * S + T0 + 5)


def wave(seconds):
    n = 10 * seconds
    return Blocks(
        np.arange(0, n, 10),
        np.full(seconds, 10),
        np.arange(seconds) * S + T0,
        np.arange(n, dtype=np.float32),
        10.0,
    )


def test_everything_written_can_be_read_back(tmp_path):
    truth = [FaultTrace("imbalance", "pump1", "physics", T0 + 50 * S, None, ((T0 + 50 * S, 1.0),))]
    findings = [
        {
            "id": "a",
            "fault": "imbalance",
            "on": "pump1",
            "detected_ns": T0 + 80 * S,
            "evidence": {"x": float("nan")},
        }
    ]
    facts = Facts(
        T0,
        offered={"p": series(4)},
        received={"p": series(3), "q": series(2)},
        offered_blocks={"v": wave(100)},
    )
    paths = {p.stem: p for p in write_capture(tmp_path / "new", truth, findings, facts)}
    received = pq.read_table(paths["received"]).to_pydict()
    assert received["point"] == ["p"] * 3 + ["q"] * 2
    assert received["value"] == [0.0, 1.5, 3.0, 0.0, 1.5]
    assert received["received_ns"][1] == T0 + S + 5
    assert pq.read_table(paths["offered"]).num_rows == 4
    assert json.loads(pq.read_table(paths["findings"])["evidence"][0].as_py()) == {"x": None}
    assert pq.read_table(paths["truth"])["kind"].to_pylist() == ["imbalance"]
    assert not list(tmp_path.rglob("*.part"))


def test_waveforms_are_cut_out_around_onsets_and_detections(tmp_path):
    truth = [FaultTrace("imbalance", "pump1", "physics", T0 + 50 * S)]
    write_capture(tmp_path, truth, [], Facts(T0, offered_blocks={"v": wave(100)}))
    cut = pq.read_table(tmp_path / "waveforms.parquet").to_pydict()
    assert cut["n0"] == [480, 490, 500, 510, 520, 530, 540]
    assert cut["samples"][0] == [float(k) for k in range(480, 490)]


def test_an_empty_scenario_still_leaves_well_formed_files(tmp_path):
    for path in write_capture(tmp_path, [], [], Facts(T0)):
        assert pq.read_table(path).num_rows == 0


def test_the_record_is_strict_json_with_everything_to_run_again(tmp_path):
    measured = Measurement("delay", "s", low=0.0, high=float("inf")).fill(float("nan"))
    result = ScenarioResult(
        "case", "Case", 7, "lockstep", T0, 10.0, Judgement().add(Verdict.FAIL, "why"),
        findings=({"id": "a", "fault": "x", "on": "y", "detected_ns": T0, "evidence": {"v": np.array([1.0, np.inf])}},),
        measurements=(measured,),
    )  # fmt: skip
    run = RunRecord("rig", "d1", 7, "lockstep", "2025-01-01T00:00:00Z", {"python": "3.11"}, {"cores": 2}, (result,))
    text = write_record(tmp_path, run).read_text(encoding="utf-8")
    record = json.loads(text, parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))
    assert record["verdict"] == "fail"
    assert {"seed", "versions", "rig", "clock", "scenarios", "host"} <= set(record)
    scenario = record["scenarios"][0]
    assert {"verdict", "reasons", "truth", "findings", "measurements", "lateness", "jitter"} <= set(scenario)
    assert scenario["findings"][0]["evidence"] == {"v": [1.0, None]}
    assert scenario["measurements"][0]["value"] is None
    assert not (tmp_path / "record.json.part").exists()


def test_a_severity_is_read_between_its_corners_without_losing_nanoseconds():
    fault = FaultTrace("x", "y", "physics", T0, T0 + 10, ((T0, 0.0), (T0 + 10, 1.0)))
    assert fault.severity_at(T0 + 5) == 0.5
    assert fault.severity_at(T0 - 1) == 0.0
    assert fault.severity_at(T0 + 10) == 0.0
