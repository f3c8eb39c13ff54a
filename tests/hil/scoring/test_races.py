"""MFPT and HIT-SM: labels from index or names, all faults right, healthy records not called."""

import numpy as np
import pytest

from hil.scoring import hit_sm, mfpt
from hil.scoring.base import DataError
from hil.scoring.races import race_of
from tests.hil.scoring.conftest import counts, record

pytestmark = pytest.mark.slow_without_jit


def quiet(done, total):
    pass


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        ("inner_race", "bearing_inner_race"),
        ("IR", "bearing_inner_race"),
        ("OuterRaceFault_2", "bearing_outer_race"),
        ("Normal", "healthy"),
        ("baseline_1", "healthy"),
        ("mystery", ""),
    ],
)
def test_labels_are_understood_however_they_are_written(label, fault):
    assert race_of(label) == fault


@pytest.fixture(scope="module")
def mfpt_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mfpt")
    for name, fault in (("Outer_vload1", "bearing_outer_race"), ("Inner_vload2", "bearing_inner_race")):
        x, scale = counts(record(fault, "MFPT", 25.0, 48828.0))
        np.savez(folder / f"{name}.npz", x=x, scale=scale, fs=48828.0, shaft_hz=25.0, load_lbs=50.0)
    # a baseline at twice the rate, without a shaft speed: the set's own is taken
    x, scale = counts(record(None, "MFPT", 25.0, 97656.0, seconds=2.0))
    np.savez(folder / "baseline_1.npz", x=x, scale=scale, fs=97656.0)
    return folder


def test_mfpt_names_and_rates_are_read_from_the_files(mfpt_folder):
    score = mfpt.score(mfpt_folder, quiet)
    assert {call.record: call.called for call in score.calls} == {
        "Inner_vload2": "bearing_inner_race",
        "Outer_vload1": "bearing_outer_race",
        "baseline_1": "healthy",
    }
    assert {call.groups["rate"] for call in score.calls} == {"48828", "97656"}
    assert all(bar.met for bar in score.bars)


def test_mfpt_bars_are_missed_when_labels_and_calls_differ(mfpt_folder, tmp_path):
    (tmp_path / "Inner_vload1.npz").write_bytes((mfpt_folder / "Outer_vload1.npz").read_bytes())
    (tmp_path / "baseline_2.npz").write_bytes((mfpt_folder / "Outer_vload1.npz").read_bytes())
    met = {bar.name: bar.met for bar in mfpt.score(tmp_path, quiet).bars}
    assert met["faults called right"] is False
    assert met["healthy records: no confident call"] is False
    assert met["confident wrong part"] is False


def test_hit_names_tell_rig_fault_arc_and_speed(tmp_path):
    x, scale = counts(record("bearing_outer_race", "6205", 15.0, 51200.0, seconds=2.0))
    np.savez(tmp_path / "self_OR5_900.npz", x=x, scale=scale, fs=51200.0)
    y, scale = counts(record(None, "6205", 15.0, 51200.0, seconds=2.0))
    np.savez(tmp_path / "mfs_Normal_900.npz", x=y, scale=scale, fs=51200.0)
    score = hit_sm.score(tmp_path, quiet)
    assert {call.record: (call.called, call.groups["rig"], call.groups["arc"]) for call in score.calls} == {
        "mfs_Normal_900": ("healthy", "mfs", ""),
        "self_OR5_900": ("bearing_outer_race", "self", "5"),
    }
    assert all(bar.met for bar in score.bars)


@pytest.mark.parametrize(("module", "message"), [(mfpt, "let its name begin with Inner"), (hit_sm, "mfs_OR5_900.npz")])
def test_a_record_nobody_tells_the_fault_of_is_refused(module, message, tmp_path):
    np.savez(tmp_path / "mystery.npz", x=np.zeros(10))
    with pytest.raises(DataError, match=message):
        module.cases(tmp_path)


@pytest.mark.parametrize("module", [mfpt, hit_sm])
def test_an_empty_folder_is_told(module, tmp_path):
    with pytest.raises(DataError, match="holds no records"):
        module.score(tmp_path, quiet)
    with pytest.raises(DataError, match="no such folder"):
        module.score(tmp_path / "nowhere", quiet)
