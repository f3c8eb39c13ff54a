"""The whole path on recordings nobody here wrote. Sources and terms: README.md beside each data set.

Limits are those of the project's acceptance, not the results of the day: the clear records of CWRU (class Y1
of Smith & Randall 2015, drive-end channel) all right, nearly all of class Y2, nothing healthy called, hardly
ever a confident wrong part.
"""

import csv

import numpy as np
import pytest

from twin.dsp.analysis import CALL, analyze
from twin.dsp.bearing import BEARINGS
from twin.dsp.clockcheck import rate_check
from twin.dsp.quality import duplicated_channels
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


def test_race_lines_of_clear_records_stand_within_a_percent_of_the_geometry(cwru):
    clear = [
        result.lines[truth]
        for row, truth, result in cwru
        if row["sr2015_de"] in ("Y1", "Y2") and row["fault"] in ("IR", "OR") and call(result) == truth
    ]
    assert len(clear) >= 10
    for line in clear:
        assert line.f_hz == pytest.approx(line.expected_hz, rel=0.01)


@pytest.mark.parametrize(
    ("records", "low", "high"), [((209, 212), 7.45, 8.35), ((169, 172), 18.2, 22.1), ((258, 261), 33.1, 35.0)]
)
def test_kurtosis_is_that_of_the_published_table(cwru, records, low, high):
    values = [result.features["kurtosis"] for row, _, result in cwru if records[0] <= int(row["record"]) <= records[1]]
    assert values
    assert all(0.995 * low <= value <= 1.005 * high for value in values)


def test_cut_peaks_are_told_and_judged_all_the_same(cwru):
    known = {row["record"]: result for row, _, result in cwru if "clipped" in row["note"]}
    assert known
    assert all("clipped" in result.flags and result.lines for result in known.values())


def test_one_channel_recorded_twice_is_found_where_the_notes_say_so_and_nowhere_else(recorded_data):
    with (recorded_data / "cwru" / "index.csv").open() as index:
        rows = list(csv.DictReader(index))
    for row in rows:
        found = duplicated_channels(load_recording(recorded_data / "cwru" / row["file"]).channels)
        assert bool(found) == ("identical" in row["note"]), row["file"]
        assert all(factor == pytest.approx(65 / 66, rel=1e-6) for _, _, factor in found)


def test_no_clock_and_no_speed_is_doubted_but_the_one_that_is_wrong(cwru, recorded_data):
    doubted = [row["file"] for row, _, result in cwru if {"rate", "rate_doubtful", "speed"} & set(result.flags)]
    assert doubted == []
    wrong = load_recording(recorded_data / "cwru" / "12k_FE_IR007_load1_279.npz")
    check = rate_check(wrong.channel("FE")[1], wrong.rate_hz, wrong.speed_hz)
    assert check.verdict == "speed"
    assert 60 * check.speed_hz == pytest.approx(1772, abs=5)


def test_the_clock_of_the_ims_snapshots_is_doubted_as_the_data_sheet_has_it_and_not_as_it_is(recorded_data):
    files = sorted((recorded_data / "ims").glob("20*.npz"))
    assert files
    verdicts = set()
    for file in files:
        with np.load(file) as content:
            x = np.ascontiguousarray(content["x"].T * float(content["scale"]))
        verdicts.add(rate_check(x, 20000.0, 2000 / 60).verdict)
        assert rate_check(x, 20480.0, 2000 / 60).verdict in ("ok", "unknown")
    assert verdicts == {"clock", "clock_doubtful"}


def test_a_machine_at_rest_is_dead(recorded_data):
    with np.load(recorded_data / "ims" / "2004.02.19.06.22.39.npz") as content:
        x = np.ascontiguousarray(content["x"][:, 0] * float(content["scale"]))
    result = analyze(x, 20480.0, 2000 / 60, BEARINGS["ZA2115"])
    assert result.verdict == "unknown"
    assert "dead" in result.flags


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
