"""The twin's history file, as its own process leaves it."""

import numpy as np
import pytest

from hil.capture.received import read_history
from twin.batch import Batch, no_reading, reading
from twin.history.store import History

T0 = 1_735_689_600_000_000_000


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "history.duckdb"
    store = History(path)
    wave = np.array([1.0, -3.0, 2.0, 0.5], dtype=np.float32)
    store.add([reading("b.flow", T0 + 5, 2.0, T0 + 6), reading("b.flow", T0 + 1, 1.0, T0 + 2)])
    store.add([no_reading("a.level", T0, T0 + 1, 0x80050000)])
    store.add(
        [
            Batch("v.x", T0, 100, wave, 0, T0 + 9, 40, 1e4, "source"),
            Batch("v.x", T0, 100, wave, 0, T0 + 9, 44, 1e4, "source"),
        ]
    )
    store.close()
    return path


def test_readings_come_back_by_point_in_the_order_of_their_source_time(history):
    values, _ = read_history(history)
    assert sorted(values) == ["a.level", "b.flow"]
    assert values["b.flow"].t_ns.tolist() == [T0 + 1, T0 + 5]
    assert values["b.flow"].values.tolist() == [1.0, 2.0]
    assert values["b.flow"].stamp == "poll"


def test_a_reading_without_a_number_is_nan_and_not_good(history):
    level = read_history(history)[0]["a.level"]
    assert np.isnan(level.values[0])
    assert not level.good[0]


def test_waveforms_come_back_with_their_counters_and_extremes(history):
    wave = read_history(history)[1]["v.x"]
    assert wave.n0.tolist() == [40, 44]
    assert wave.count.tolist() == [4, 4]
    assert wave.extremes[0].tolist() == pytest.approx([-3.0, 2.0, np.sqrt(14.25 / 4)])


def test_no_file_is_an_empty_history(tmp_path):
    assert read_history(tmp_path / "none.duckdb") == ({}, {})


def test_a_file_that_is_no_history_is_named(tmp_path):
    path = tmp_path / "history.duckdb"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(RuntimeError, match=r"history\.duckdb: cannot be read as a twin's history"):
        read_history(path)
