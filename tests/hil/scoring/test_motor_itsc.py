"""The ladder of shorted turns, on currents made for it and on the recorded ones."""

import numpy as np
import pytest

from hil.scoring import motor_itsc
from hil.scoring.base import DataError
from tests.oracles import motor as oracle

RATE = 1000.0
LADDER = {"0": 0.0, "10": 0.08, "20": 0.175, "30": 0.23, "40": 0.29}
ANGLE = {"A": 1.2, "B": 1.2 + 2 * np.pi / 3, "C": 1.2 - 2 * np.pi / 3}


def current(phase, turns, repetition):
    rng = np.random.default_rng([ord(phase), int(turns), repetition])
    share = 0.025 * np.exp(2.5j) + LADDER[turns] * np.exp(1j * (ANGLE[phase] + 0.05 * rng.standard_normal()))
    i = oracle.unbalanced(np.arange(1000) / RATE, 60.0, 3.0, 3.0 * share, 0.1)
    return (i + 0.02 * rng.standard_normal(i.shape)).T.astype(np.float32)


def write(folder, labels, **change):
    records = [current(kind[0], kind[1:], repetition) for kind, repetition in labels]
    content = {
        "i_abc": np.array(records),
        "cls": np.array([kind if kind[1:] != "0" else "HLT" for kind, _ in labels]),
        "repetition": np.array([repetition for _, repetition in labels]),
        "fs": RATE,
        "line_hz": 60.0,
    }
    np.savez(folder / "currents.npz", **{key: value for key, value in (content | change).items() if value is not None})


ALL = [("A0", repetition) for repetition in (1, 2, 3)] + [
    (f"{phase}{turns}", repetition) for phase in "ABC" for turns in ("10", "20", "30", "40") for repetition in (1, 2)
]


def bar(result, words):
    return next(bar for bar in result.bars if words in bar.name)


def test_a_ladder_that_rises_meets_every_bar(tmp_path):
    write(tmp_path, ALL)
    told = []
    result = motor_itsc.score(tmp_path, lambda done, total: told.append((done, total)))
    assert all(bar.met for bar in result.bars), [bar for bar in result.bars if not bar.met]
    assert told == [(k, len(ALL)) for k in range(1, len(ALL) + 1)]
    assert [call.right for call in result.calls] == [True] * len(ALL)
    assert all(0.0 <= call.confidence <= 1.0 for call in result.calls)
    assert "leave" in motor_itsc.__doc__
    assert result.split


@pytest.mark.slow_without_jit
def test_the_angle_turns_by_a_third_from_phase_to_phase(tmp_path):
    write(tmp_path, ALL)
    rows = {row[0]: float(row[1]) for row in motor_itsc.score(tmp_path, lambda *_: None).tables[2].rows}
    assert (rows["B"] - rows["A"]) % 360 == pytest.approx(120, abs=5)
    assert (rows["A"] - rows["C"]) % 360 == pytest.approx(120, abs=5)


@pytest.mark.slow_without_jit
def test_a_ladder_that_falls_misses_its_bars(tmp_path):
    swap = {"10": "40", "20": "30", "30": "20", "40": "10"}
    labels = [(kind[0] + swap.get(kind[1:], "0"), repetition) for kind, repetition in ALL]
    kinds = np.array([kind if kind[1:] != "0" else "HLT" for kind, _ in ALL])
    write(tmp_path, labels, cls=kinds)
    result = motor_itsc.score(tmp_path, lambda *_: None)
    assert not bar(result, "phase A: median").met
    assert not bar(result, "phase A: Spearman").met
    assert not bar(result, "ranges").met


def test_a_healthy_record_of_its_own_repetition_is_not_its_yardstick(tmp_path):
    write(tmp_path, [("A0", 1), ("A30", 1), ("A30", 2)])
    notes = {call.record: call.note for call in motor_itsc.score(tmp_path, lambda *_: None).calls}
    assert "published limit" in notes["A30_1"]
    assert notes["A30_2"] == ""


@pytest.mark.slow_without_jit
def test_shorted_turns_that_look_healthy_are_noted(tmp_path):
    write(tmp_path, [*ALL, ("A0", 4)], cls=np.array([kind if kind[1:] != "0" else "HLT" for kind, _ in ALL] + ["B20"]))
    call = motor_itsc.score(tmp_path, lambda *_: None).calls[-1]
    assert (call.called, call.right) == ("healthy", False)
    assert "mislabel" in call.note


@pytest.mark.slow_without_jit
def test_a_record_that_cannot_be_judged_is_unknown(tmp_path):
    write(tmp_path, ALL)
    with np.load(tmp_path / "currents.npz") as file:
        content = dict(file)
    content["i_abc"][4] = 0.0
    np.savez(tmp_path / "currents.npz", **content)
    call = motor_itsc.score(tmp_path, lambda *_: None).calls[4]
    assert (call.called, call.right) == ("unknown", None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fs": None}, "holds no fs"),
        ({"i_abc": np.zeros((2, 10))}, "must be"),
        ({"cls": np.array(["A15"] * len(ALL))}, "none of HLT"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused(tmp_path, change, words):
    write(tmp_path, ALL, **change)
    with pytest.raises(DataError, match=words):
        motor_itsc.score(tmp_path, lambda *_: None)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"no currents\.npz"):
        motor_itsc.score(tmp_path, lambda *_: None)


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_the_recorded_ladder_meets_every_bar(recorded_data):
    result = motor_itsc.score(recorded_data / "motor_itsc", lambda *_: None)
    assert all(bar.met for bar in result.bars), [bar for bar in result.bars if not bar.met]
    wrong = [call.record for call in result.calls if call.right is False]
    assert wrong == ["B20_2", "A10_2"]
