"""Scoring the gearbox folder: small synthetic folders of the same layout, and the recorded one."""

import numpy as np
import pytest

from hil.scoring.base import DataError
from hil.scoring.gearbox_gfd import score


def write(folder, kind, load, seed, extra=0.0, samples=10240):
    rng = np.random.default_rng(seed)
    t = np.arange(samples)
    x = rng.standard_normal((samples, 2)) + (1.0 + load / 200.0) * np.sin(2 * np.pi * 0.0744 * t)[:, None]
    x[:, 1] += extra * np.sin(2 * np.pi * 0.21 * t) * (1.0 + np.sin(2 * np.pi * 0.004 * t))
    np.savez(folder / f"{kind}_load{load:02d}.npz", x=(x * 1000).round().astype(np.int16), scale=0.001, load_pct=load)


@pytest.fixture
def folder(tmp_path):
    for seed, load in enumerate((0, 20, 40, 60)):
        write(tmp_path, "healthy", load, seed)
        write(tmp_path, "broken_tooth", load, seed + 50, extra=1.5)
    return tmp_path


def test_every_record_is_called_once_and_bars_say_what_was_shown(folder):
    seen = []
    result = score(folder, lambda done, total: seen.append((done, total)))
    assert seen == [(n, 8) for n in range(1, 9)]
    assert [call.called for call in result.calls if call.truth == "broken_tooth"] == ["changed"] * 4
    assert all(call.called != "changed" for call in result.calls if call.truth == "healthy")
    assert [(bar.shown, bar.met) for bar in result.bars] == [("4 of 4", True), ("0 of 4", True)]
    assert result.calls[1].groups == {"load": "20"}


def test_the_table_says_how_little_it_proves_and_where_the_change_is(folder):
    table = score(folder, lambda *_: None).tables[0]
    assert "Proves little" in table.title
    row = next(row for row in table.rows if row[0] == "broken_tooth_load40.npz")
    assert row[1] == "changed"
    assert "channel 2" in row[-1]


def test_a_broken_record_like_the_healthy_ones_is_a_miss_and_the_bar_says_so(folder):
    write(folder, "broken_tooth", 60, 99)
    result = score(folder, lambda *_: None)
    missed = next(call for call in result.calls if call.record == "broken_tooth_load60.npz")
    assert (missed.called, missed.right) == ("healthy", False)
    assert [bar.met for bar in result.bars] == [False, True]


def test_records_too_short_to_judge_are_unknown_and_neither_right_nor_wrong(tmp_path):
    for seed, load in enumerate((0, 20, 40)):
        write(tmp_path, "healthy", load, seed, samples=2000)
        write(tmp_path, "broken_tooth", load, seed, samples=2000)
    result = score(tmp_path, lambda *_: None)
    assert {(call.called, call.right) for call in result.calls} == {("unknown", None)}
    assert "too short" in result.calls[0].note


def test_an_empty_folder_and_a_foreign_file_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"0 healthy_load.* three or more"):
        score(tmp_path, lambda *_: None)
    np.savez(tmp_path / "healthy_load00.npz", y=np.zeros(3))
    with pytest.raises(DataError, match=r"healthy_load00\.npz: has no array scale and x"):
        score(tmp_path, lambda *_: None)


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_on_the_recorded_gearbox_no_healthy_record_is_called_and_all_broken_ones_are(recorded_data):
    result = score(recorded_data / "gearbox_gfd", lambda *_: None)
    assert len(result.calls) >= 6
    assert all(bar.met for bar in result.bars), result.bars
