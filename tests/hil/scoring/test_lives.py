"""Run-to-failure sets: onset, lead time, false alarms told apart from cross-talk."""

import numpy as np
import pytest

from hil.scoring import femto, ims
from hil.scoring.base import DataError


def quiet(done, total):
    pass


def bars_of(score):
    return {bar.name: bar for bar in score.bars}


def test_femto_lives_are_told_before_their_end_with_lead_time(femto_folder):
    score = femto.score(femto_folder, quiet)
    assert [call.called for call in score.calls] == ["onset", "onset"]
    for call in score.calls:
        assert 0.0 < call.values["lead_s"] <= 490.0
        assert call.values["life_s"] == 3990.0
    assert bars_of(score)["onset told before the end"].met


def test_a_passing_disturbance_counts_as_a_false_alarm(femto_folder):
    score = femto.score(femto_folder, quiet)
    assert [call.values["retracted_alarms"] for call in score.calls] == [0.0, 1.0]
    bar = bars_of(score)["false alarms before the onset"]
    assert bar.met
    assert bar.shown == "1 in 2 lives, at most 1 in one (Bearing1_2)"


def test_a_life_that_ends_quietly_misses_its_bar(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "features_10s.npz",
        names=np.array(["rms_h", "peak_h"]), Bearing9_9=10 ** (0.02 * rng.standard_normal((300, 2))),
    )  # fmt: skip
    score = femto.score(tmp_path, quiet)
    assert score.calls[0].called == "no onset"
    assert not bars_of(score)["onset told before the end"].met
    assert "definition" not in score.split
    assert "taken back" in score.split


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ({"Bearing1_1": np.ones((9, 2))}, "no array `names`"),
        ({"names": np.array(["rms_h"]), "Bearing1_1": np.ones((9, 2))}, "has 2 columns, `names` lists 1"),
        ({"names": np.array(["rms_h"])}, "holds no table"),
    ],
)
def test_a_feature_file_laid_out_otherwise_is_refused(content, message, tmp_path):
    if content is not None:
        np.savez(tmp_path / "features_10s.npz", **content)
    with pytest.raises(DataError, match=message):
        femto.score(tmp_path, quiet)


@pytest.fixture(scope="module")
def scored(ims_folder):
    return ims.score(ims_folder, quiet)


@pytest.mark.slow_without_jit
def test_the_failing_bearing_is_told_and_its_neighbour_is_shaken_not_false(scored):
    calls = {call.record: call for call in scored.calls}
    assert calls["B1"].called == "onset"
    assert calls["B1"].values["onset_s"] == pytest.approx(600 * 300, rel=0.03)
    assert calls["B2"].called == "healthy"
    assert "cross-talk" in calls["B2"].note
    assert bars_of(scored)["set 2: false alarms"].met


@pytest.mark.slow_without_jit
def test_the_end_of_life_is_the_last_reading_of_a_running_machine(scored):
    assert {call.values["life_s"] for call in scored.calls if call.record == "B1"} == {600.0 * 497}


@pytest.mark.slow_without_jit
def test_snapshots_at_rest_are_flagged_and_healthy_ones_not_called(scored):
    assert bars_of(scored)["machine at rest is flagged, not judged"].met
    assert bars_of(scored)["healthy snapshots: no confident call"].met


def test_an_alarm_of_a_neighbour_before_the_onset_is_false(ims_folder, tmp_path):
    with np.load(ims_folder / "set2_features.npz") as content:
        values = content["values"].copy()
        values[150:, 5] *= 2.0  # B2 std, then its peak
        values[150:, 7] *= 2.0
        np.savez(tmp_path / "set2_features.npz", time=content["time"], names=content["names"], values=values)
    calls = {call.record: call for call in ims.score(tmp_path, quiet).calls}
    assert calls["B2"].called == "onset"
    assert calls["B2"].right is False


def test_a_folder_without_anything_is_told(tmp_path):
    with pytest.raises(DataError, match="holds neither set"):
        ims.score(tmp_path, quiet)
    np.savez(tmp_path / "set2_features.npz", names=np.array(["B1_std"]))
    with pytest.raises(DataError, match="must hold time, names and values"):
        ims.score(tmp_path, quiet)
