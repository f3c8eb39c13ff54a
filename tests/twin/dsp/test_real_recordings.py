"""The whole path on recordings nobody here wrote. Sources and terms: README.md beside each data set.

Limits are those of the project's acceptance, not the results of the day: the clear records of CWRU (class Y1
of Smith & Randall 2015, drive-end channel) all right, nearly all of class Y2, nothing healthy called, hardly
ever a confident wrong part.
"""

import csv

import numpy as np
import pytest

from twin.dsp.analyze import CALL, analyze
from twin.dsp.bearing import BEARINGS
from twin.dsp.recordings import load_recording

pytestmark = [pytest.mark.data, pytest.mark.slow_without_jit]

CWRU = {"B": "bearing_ball", "IR": "bearing_inner_race", "OR": "bearing_outer_race", "normal": None}


def call(result):
    best = result.diagnosis[0] if result.diagnosis else None
    return best["fault"] if best and best["confidence"] >= CALL else None


@pytest.fixture(scope="module")
def cwru(recorded_data):
    rows = []
    with (recorded_data / "cwru" / "index.csv").open() as index:
        for row in csv.DictReader(index):
            recording = load_recording(recorded_data / "cwru" / row["file"])
            end = row["fault_end"] or "DE"
            x = recording.channel(end)[1]
            # record 279 carries a wrong speed; its note says so
            speed = float(row["rpm_nominal"]) / 60 if row["record"] == "279" else recording.speed_hz
            result = analyze(x, recording.rate_hz, speed, BEARINGS["6205" if end == "DE" else "6203"])
            rows.append((row, CWRU[row["fault"]], result))
    return rows


@pytest.mark.parametrize(("grade", "share"), [("Y1", 1.0), ("Y2", 0.93)])
def test_diagnosable_cwru_records_are_called_right(cwru, grade, share):
    graded = [(truth, call(result)) for row, truth, result in cwru if row["sr2015_de"] == grade]
    assert len(graded) >= 5
    assert sum(truth == called for truth, called in graded) >= share * len(graded)


def test_a_confident_wrong_part_is_rare(cwru):
    wrong = [row["file"] for row, truth, result in cwru if call(result) not in (None, truth)]
    assert len(wrong) <= 0.03 * len(cwru), wrong


def test_the_normal_cwru_record_is_called_on_neither_channel(recorded_data):
    recording = load_recording(recorded_data / "cwru" / "48k_normal_load0_97a.npz")
    for channel, bearing in (("DE", "6205"), ("FE", "6203")):
        result = analyze(recording.channel(channel)[1], recording.rate_hz, recording.speed_hz, BEARINGS[bearing])
        assert call(result) is None
        assert result.verdict in ("healthy", "unknown")


def test_all_mfpt_records_are_called_right(recorded_data):
    files = sorted((recorded_data / "mfpt").glob("*.npz"))
    assert files
    for file in files:
        recording = load_recording(file)
        result = analyze(recording.channel("x")[1], recording.rate_hz, recording.speed_hz, BEARINGS["MFPT"])
        assert call(result) == f"bearing_{file.name.split('_')[0].lower()}_race", file.name


def test_hit_records_are_called_right_and_their_normals_not_at_all(recorded_data):
    wanted = {"inner_race": "bearing_inner_race", "outer_race": "bearing_outer_race", "normal": None}
    with (recorded_data / "hit_sm" / "index.csv").open() as index:
        rows = list(csv.DictReader(index))
    assert rows
    for row in rows:
        recording = load_recording(recorded_data / "hit_sm" / row["file"])
        result = analyze(recording.channel("x")[1], recording.rate_hz, recording.speed_hz, BEARINGS["6205"])
        assert call(result) == wanted[row["fault"]], row["file"]


def test_a_gearbox_is_not_taken_for_a_damaged_bearing(recorded_data):
    calls = 0
    files = sorted((recorded_data / "gearbox_gfd").glob("healthy*.npz"))
    assert files
    for file in files:
        with np.load(file) as content:
            for x in (content["x"] * content["scale"]).T:
                calls += call(analyze(np.ascontiguousarray(x), 10000.0, 30.0, BEARINGS["6205"])) is not None
    assert calls == 0
