"""CWRU: what index and names tell, speeds that cannot be, flags, tables and bars."""

import shutil

import numpy as np
import pytest

from hil.scoring import cwru
from hil.scoring.base import DataError

pytestmark = pytest.mark.slow_without_jit


@pytest.fixture(scope="module")
def scored(cwru_folder):
    told = []
    return cwru.score(cwru_folder, lambda done, total: told.append((done, total))), told


def calls_of(score):
    return {call.record: call for call in score.calls}


def bars_of(score):
    return {bar.name: bar for bar in score.bars}


def test_the_faulty_end_is_judged_and_a_normal_record_at_both(scored):
    assert {record: call.called for record, call in calls_of(scored[0]).items()} == {
        "130": "bearing_outer_race",
        "107": "bearing_inner_race",
        "279": "bearing_inner_race",
        "97 DE": "healthy",
        "97 FE": "healthy",
    }
    assert all(call.right for call in scored[0].calls)


def test_progress_goes_from_none_to_all(scored):
    told = scored[1]
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_stored_speed_that_contradicts_the_load_is_not_used(scored):
    assert "1732 rpm contradicts load 1: 1772 rpm used" in calls_of(scored[0])["279"].note


def test_a_copied_channel_is_noted(scored):
    assert "duplicated" in calls_of(scored[0])["279"].groups["flags"]
    assert "duplicated" not in calls_of(scored[0])["130"].groups["flags"]


def test_classes_have_their_bars_and_tables(scored):
    score = scored[0]
    assert bars_of(score)["class Y1 called right"].met
    assert bars_of(score)["class Y2 called right"].shown.startswith("1 of 1 right")
    titles = " ".join(table.title for table in score.tables)
    for word in ("confusion", "class", "size", "load", "location"):
        assert word in titles
    assert score.split


def test_line_orders_of_the_clear_records_are_held_against_the_geometry(scored):
    assert bars_of(scored[0])["line orders of class Y1 against the geometry"].met


def test_without_an_index_file_names_tell_the_same(scored, cwru_folder, tmp_path):
    for path in cwru_folder.glob("*.npz"):
        shutil.copy(path, tmp_path / path.name)
    cases = {case.record: case for case in cwru.cases(tmp_path)}
    for record, call in calls_of(scored[0]).items():
        assert cases[record].truth == call.truth
        assert {key: cases[record].groups[key] for key in ("size", "load", "location")} == {
            key: call.groups[key] for key in ("size", "load", "location")
        }
        assert cases[record].groups["class"] == ""


def test_an_index_with_few_columns_is_enough(cwru_folder, tmp_path):
    shutil.copy(cwru_folder / "12k_DE_OR007at6_load0_130.npz", tmp_path / "a.npz")
    (tmp_path / "index.csv").write_text("file,fault,fault_end\na.npz,OR,DE\n", encoding="utf-8")
    (case,) = cwru.cases(tmp_path)
    assert case.truth == "bearing_outer_race"
    assert case.speed_hz == pytest.approx(1797 / 60)
    assert cwru.score(tmp_path, lambda done, total: None).calls[0].right


def test_a_record_without_any_speed_says_which_key_would_do(cwru_folder, tmp_path):
    with np.load(cwru_folder / "12k_DE_OR007at6_load0_130.npz") as content:
        np.savez(tmp_path / "a.npz", DE=content["DE"], fs=12000.0)
    (tmp_path / "index.csv").write_text("file,fault,fault_end\na.npz,OR,DE\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.npz: no shaft speed \(key rpm or shaft_hz\)"):
        cwru.score(tmp_path, lambda done, total: None)


def test_a_record_nobody_tells_the_fault_of_is_refused(tmp_path):
    np.savez(tmp_path / "mystery.npz", DE=np.zeros(10))
    with pytest.raises(DataError, match=r"mystery\.npz: neither index\.csv nor its name tells the fault"):
        cwru.cases(tmp_path)


def test_a_record_that_lacks_the_faulty_end_is_no_call(cwru_folder, tmp_path):
    with np.load(cwru_folder / "12k_FE_IR007_load1_279.npz") as content:
        np.savez(tmp_path / "12k_FE_IR007_load1_279.npz", DE=content["DE"], fs=12000.0, rpm_nominal=1772.0)
    (call,) = cwru.score(tmp_path, lambda done, total: None).calls
    assert call.called == "unknown"
    assert call.right is None
    assert "no channel 'FE'" in call.note


def test_two_workers_say_the_same_in_the_same_order(scored, cwru_folder):
    assert cwru.score(cwru_folder, lambda done, total: None, workers=2).calls == scored[0].calls


def test_an_index_without_files_is_told(tmp_path):
    (tmp_path / "index.csv").write_text("name,fault\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"index\.csv: no column `file`"):
        cwru.cases(tmp_path)


def test_a_record_that_cannot_be_is_named(cwru_folder, tmp_path):
    with np.load(cwru_folder / "12k_DE_OR007at6_load0_130.npz") as content:
        np.savez(tmp_path / "12k_DE_OR007at6_load0_130.npz", DE=content["DE"], fs=120.0, rpm_nominal=1797.0)
    with pytest.raises(DataError, match=r"130\.npz: sample rate 120 Hz is too low"):
        cwru.score(tmp_path, lambda done, total: None)


def test_a_damaged_file_is_named_by_two_workers_too(cwru_folder, tmp_path):
    shutil.copy(cwru_folder / "12k_DE_OR007at6_load0_130.npz", tmp_path)
    (tmp_path / "12k_DE_IR007_load2_107.npz").write_bytes(b"not a zip")
    (tmp_path / "index.csv").write_text(
        "file,fault,fault_end,rpm_file\n12k_DE_IR007_load2_107.npz,IR,DE,1750\n", encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"107\.npz: not a readable npz file"):
        cwru.score(tmp_path, lambda done, total: None, workers=2)
