import subprocess
import sys
import textwrap

import numpy as np
import pyarrow.parquet as pq
import pytest

from twin.batch import Batch, no_reading, reading
from twin.finding import Finding
from twin.history import store as store_module
from twin.history.store import History, HistoryError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.duckdb"


def wave(n0, count, t0_ns=0):
    samples = np.arange(n0, n0 + count, dtype=np.float32)
    return Batch("p.wave", t0_ns, 1000, samples, 0, t0_ns + 5, n0, 1e6, "source")


def finding(state="open", confidence=0.5):
    return Finding("x:p:1", "sensor_bias", "p", "sensor", state, 10, evidence={"z": 4.0}, confidence=confidence)


def test_every_reading_is_kept_with_both_times_and_its_quality(path):
    history = History(path)
    history.add([reading("p.a", 10, 1.5, 12, stamp="source"), no_reading("p.a", 20, 22, 0x80050000)])
    rows = history.readings("p.a", 0, 100, 10)
    history.close()
    assert rows == [
        {"t_ns": 10, "received_ns": 12, "value": 1.5, "quality": 0, "stamp": "source"},
        {"t_ns": 20, "received_ns": 22, "value": None, "quality": 0x80050000, "stamp": "poll"},
    ]


def test_a_waveform_is_kept_as_counters_and_extremes(path):
    history = History(path)
    history.add([wave(100, 4)])
    (row,) = history.waveforms("p.wave", 0, 100, 10)
    samples = history.query("SELECT samples FROM waveforms")
    history.close()
    assert (row["n0"], row["count"], row["minimum"], row["maximum"]) == (100, 4, 100.0, 103.0)
    assert row["rms"] == pytest.approx(np.sqrt(np.mean(np.square([100, 101, 102, 103]))))
    assert samples == [{"samples": None}]


def test_raw_waveforms_are_kept_when_asked_for(path):
    history = History(path, raw_waveforms=True)
    history.add([wave(0, 3)])
    assert history.query("SELECT samples FROM waveforms") == [{"samples": [0.0, 1.0, 2.0]}]
    history.close()


def test_all_tables_are_written_in_one_flush(path):
    history = History(path, flush_s=3600)
    history.add([reading("p.a", 1, 1.0, 1), wave(0, 3)])
    history.add_findings([finding()], 1)
    history.add_features("p.a", 1, {"mean": 1.0})
    history.flush()
    assert (history.last_error, history.pending, history.written) == (None, 0, 4)
    history.close()


def test_the_newest_rows_are_returned_oldest_first(path):
    history = History(path)
    history.add([reading("p.a", t, float(t), t) for t in range(100)])
    assert [row["t_ns"] for row in history.readings("p.a", 10, 90, 3)] == [87, 88, 89]
    history.close()


def test_every_version_of_a_finding_is_kept_and_the_newest_shown(path):
    history = History(path)
    history.add_findings([finding()], 1)
    history.add_findings([finding("closed", 0.9)], 2)
    assert history.query("SELECT state, confidence, evidence FROM findings") == [
        {"state": "closed", "confidence": 0.9, "evidence": '{"z": 4.0}'}
    ]
    assert len(history.query("SELECT * FROM finding_versions")) == 2
    history.close()


def test_features_that_are_no_numbers_are_left_out(path):
    history = History(path)
    history.add_features("p.wave", 5, {"rms": 1.0, "crest": float("nan")})
    assert history.query("SELECT * FROM features") == [{"point": "p.wave", "t_ns": 5, "name": "rms", "value": 1.0}]
    history.close()


def test_what_was_pending_is_on_disk_after_close(path):
    history = History(path, flush_s=3600)
    history.add([reading("p.a", 1, 1.0, 1)])
    history.close()
    again = History(path)
    assert len(again.readings("p.a", 0, 10, 10)) == 1
    again.close()


def test_what_was_flushed_survives_a_killed_process(path):
    code = f"""
        import os, signal
        from pathlib import Path
        from twin.batch import reading
        from twin.history.store import History
        history = History(Path({str(path)!r}), flush_s=3600)
        history.add([reading("p.a", t, 1.0, t) for t in range(1000)])
        history.flush()
        history.add([reading("p.a", t, 1.0, t) for t in range(1000, 2000)])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -9
    history = History(path)
    assert history.query("SELECT count(*) AS n FROM readings") == [{"n": 1000}]
    history.close()


def test_rows_that_cannot_be_written_wait_and_the_oldest_go_first(path, monkeypatch):
    monkeypatch.setattr(store_module, "LIMIT_ROWS", 50)
    history = History(path, flush_s=3600)
    monkeypatch.setattr(history, "_write", lambda pending: (_ for _ in ()).throw(OSError("No space left on device")))
    history.add([reading("p.a", t, 1.0, t) for t in range(80)])
    history.flush()
    assert (history.pending, history.dropped) == (50, 30)
    assert "No space left" in history.last_error
    monkeypatch.undo()
    assert [row["t_ns"] for row in history.readings("p.a", 0, 100, 100)] == list(range(30, 80))
    assert history.last_error is None
    history.close()


def test_a_history_in_memory_forgets_its_oldest_rows(monkeypatch):
    monkeypatch.setattr(store_module, "MEMORY_ROWS", 100)
    history = History(None, flush_s=3600)
    for start in range(0, 1000, 50):
        history.add([reading("p.a", t, 1.0, t) for t in range(start, start + 50)])
        history.flush()
    count = history.query("SELECT count(*) AS n FROM readings")[0]["n"]
    assert count <= 100
    assert history.readings("p.a", 0, 2000, 1)[0]["t_ns"] == 999
    history.close()


def test_tables_are_exported_whole_as_parquet(path, tmp_path):
    history = History(path)
    history.add([reading("p.a", 1, 1.0, 1), wave(0, 3)])
    paths = history.export_parquet(tmp_path / "out")
    history.close()
    assert {p.name for p in paths} == {
        "readings.parquet",
        "waveforms.parquet",
        "finding_versions.parquet",
        "features.parquet",
    }
    assert {p.name for p in (tmp_path / "out").iterdir()} == {p.name for p in paths}
    assert pq.read_table(tmp_path / "out" / "readings.parquet").num_rows == 1


def test_a_file_that_is_no_history_is_refused_with_the_way_out(path):
    path.write_text("something else")
    with pytest.raises(HistoryError, match=r"cannot be used as history.*name another file"):
        History(path)
