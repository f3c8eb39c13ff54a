"""What the twin received and concluded, kept in DuckDB: written in batches by a thread, exported as Parquet.

The event loop only appends to lists. A flush moves them into one transaction, which is durable when it
returns; a crash loses what was not flushed yet and nothing else.
"""

import contextlib
import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from twin.batch import Batch
from twin.finding import Finding
from twin.history.tables import SCHEMAS, TABLES, VIEWS

FLUSH_S = 2.0
FLUSH_ROWS = 20_000
LIMIT_ROWS = 500_000
"""Rows held in memory when the disk takes none; beyond it the oldest go, and are counted."""
MEMORY_ROWS = 2_000_000
"""Rows of a history kept in memory only, per table."""


class HistoryError(RuntimeError):
    """The history file cannot be used; the message says why and what to do."""


class History:
    """The twin's memory.

    Parameters
    ----------
    path : the database file, made when missing; None keeps a bounded history in memory
    raw_waveforms : keep the samples of waveforms too, not only their counters and extremes
    flush_s : time between two flushes [s]

    Raises
    ------
    HistoryError : the file is in use by another process, or is no history
    """

    def __init__(self, path: Path | None = None, *, raw_waveforms: bool = False, flush_s: float = FLUSH_S) -> None:
        self._raw = raw_waveforms
        self._flush_s = flush_s
        self._in_memory = path is None
        try:
            self._db = duckdb.connect(":memory:" if path is None else str(path), config={"threads": 1})
            for statement in (*TABLES, *VIEWS):
                self._db.execute(statement).fetchall()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise HistoryError(f"{path}: cannot be used as history: {reason}; name another file") from None
        self._lock = threading.Lock()
        self._db_lock = threading.Lock()
        self._pending = _empty()
        self._wake = threading.Event()
        self._closing = False
        self.written = 0
        self.dropped = 0
        self.last_error: str | None = None
        self._thread = threading.Thread(target=self._write_for_ever, name="history", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """Rows not yet in the database."""
        with self._lock:
            return sum(_rows(columns) for columns in self._pending.values())

    # --- taking in ------------------------------------------------------------------------------------------

    def add(self, batches: Iterable[Batch]) -> None:
        """Take in what was received: one row per reading, one per waveform block."""
        with self._lock:
            values = self._pending["readings"]
            for batch in batches:
                if batch.waveform:
                    self._add_waveform(batch)
                    continue
                row = (
                    batch.point,
                    batch.t0_ns,
                    batch.received_ns,
                    float(batch.values[0]) if batch.values.size else None,
                    int(batch.quality),
                    batch.stamp,
                )
                for column, item in zip(values, row, strict=True):
                    column.append(item)
            rows = len(values[0])
        if rows >= FLUSH_ROWS:
            self._wake.set()

    def _add_waveform(self, batch: Batch) -> None:
        samples = batch.values
        finite = samples[np.isfinite(samples)]
        has = bool(finite.size)
        row = (
            batch.point,
            batch.t0_ns,
            batch.received_ns,
            batch.n0,
            int(samples.size),
            batch.rate_hz,
            int(batch.quality),
            batch.stamp,
            float(finite.min()) if has else None,
            float(finite.max()) if has else None,
            float(np.sqrt(np.mean(np.square(finite, dtype=np.float64)))) if has else None,
            samples.astype(np.float32) if self._raw else None,
        )
        for column, item in zip(self._pending["waveforms"], row, strict=True):
            column.append(item)

    def add_findings(self, findings: Iterable[Finding], now_ns: int) -> None:
        """Take in new and changed findings; the table keeps every version, the view `findings` the newest."""
        with self._lock:
            for finding in findings:
                plain = finding.as_dict()
                row = (
                    now_ns,
                    *(plain[name] for name in SCHEMAS["finding_versions"].names[1:-2]),
                    json.dumps(plain["evidence"], allow_nan=False),
                    json.dumps(plain["ambiguous"]),
                )
                for column, item in zip(self._pending["finding_versions"], row, strict=True):
                    column.append(item)

    def add_features(self, point: str, t_ns: int, features: Mapping[str, float]) -> None:
        """Take in features computed from a point; numbers that are not finite are left out."""
        with self._lock:
            columns = self._pending["features"]
            for name, value in features.items():
                if np.isfinite(value):
                    for column, item in zip(columns, (point, t_ns, name, float(value)), strict=True):
                        column.append(item)

    # --- writing --------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything pending in one transaction; it is on disk when this returns.

        What cannot be written (a full disk) stays pending, up to `LIMIT_ROWS`, and `last_error` says why.
        """
        with self._db_lock:
            with self._lock:
                pending, self._pending = self._pending, _empty()
            try:
                self._write(pending)
            except (duckdb.Error, OSError, pa.ArrowException) as error:
                self.last_error = str(error).splitlines()[0]
                with self._lock:
                    self._put_back(pending)
                return
            self.last_error = None
            self.written += sum(_rows(columns) for columns in pending.values())

    def _write(self, pending: dict[str, list[list[Any]]]) -> None:
        filled = {name: columns for name, columns in pending.items() if _rows(columns)}
        if not filled:
            return
        self._run("BEGIN")
        try:
            for name, columns in filled.items():
                schema = SCHEMAS[name]
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                self._db.register("incoming", pa.Table.from_arrays(arrays, schema=schema))
                self._run(f"INSERT INTO {name} SELECT * FROM incoming")  # noqa: S608 - our own table names
                self._db.unregister("incoming")
                if self._in_memory:
                    self._forget_oldest(name)
            self._run("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self._run("ROLLBACK")
            raise

    def _forget_oldest(self, name: str) -> None:
        ((count,),) = self._run(f"SELECT count(*) FROM {name}")  # noqa: S608 - our own table names
        if count > MEMORY_ROWS:
            half = MEMORY_ROWS // 2
            self._run(f"DELETE FROM {name} WHERE rowid < (SELECT max(rowid) - {half} FROM {name})")  # noqa: S608

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        # Fetched even where nothing comes back: a result left open blocks the connection for the next
        # statement.
        rows: list[tuple[Any, ...]] = self._db.execute(sql).fetchall()
        return rows

    def _put_back(self, pending: dict[str, list[list[Any]]]) -> None:
        for name, columns in pending.items():
            for old, new in zip(columns, self._pending[name], strict=True):
                old.extend(new)
            surplus = _rows(columns) - LIMIT_ROWS
            if surplus > 0:
                self.dropped += surplus
                for column in columns:
                    del column[:surplus]
        self._pending = pending

    def _write_for_ever(self) -> None:
        while not self._closing:
            self._wake.wait(self._flush_s)
            self._wake.clear()
            if not self._closing:
                self.flush()

    def close(self) -> None:
        """Write what is left and close the file. A second call does nothing."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._thread.join()
        self.flush()
        with self._db_lock:
            self._db.close()

    # --- reading --------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Flush, then run a query and return its rows as dicts."""
        self.flush()
        with self._db_lock:
            found = self._db.execute(sql, parameters or [])
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def readings(self, point: str, from_ns: int, to_ns: int, limit: int) -> list[dict[str, Any]]:
        """Return the newest `limit` readings of a point with from_ns <= t_source < to_ns, oldest first."""
        return self.query(
            "SELECT * FROM (SELECT t_source AS t_ns, t_received AS received_ns, value, quality, stamp"
            " FROM readings WHERE point = ? AND t_source >= ? AND t_source < ?"
            " ORDER BY t_source DESC, t_received DESC LIMIT ?)"
            " ORDER BY t_ns, received_ns",
            [point, from_ns, to_ns, limit],
        )

    def waveforms(self, point: str, from_ns: int, to_ns: int, limit: int) -> list[dict[str, Any]]:
        """Return the newest `limit` blocks of a waveform with from_ns <= t_source < to_ns, oldest first."""
        return self.query(
            "SELECT * FROM (SELECT t_source AS t_ns, t_received AS received_ns, n0, count, rate_hz, quality,"
            " minimum, maximum, rms FROM waveforms WHERE point = ? AND t_source >= ? AND t_source < ?"
            " ORDER BY t_source DESC LIMIT ?) ORDER BY t_ns",
            [point, from_ns, to_ns, limit],
        )

    def export_parquet(self, folder: Path) -> list[Path]:
        """Write every table as a Parquet file into a folder; each appears whole or not at all.

        Raises
        ------
        HistoryError : a file cannot be written
        """
        self.flush()
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name in SCHEMAS:
            final, part = folder / f"{name}.parquet", folder / f".{name}.parquet.part"
            quoted = str(part).replace("'", "''")
            try:
                with self._db_lock:
                    self._run(f"COPY {name} TO '{quoted}' (FORMAT parquet, COMPRESSION zstd)")
                with part.open("rb") as file:
                    os.fsync(file.fileno())
                part.replace(final)
            except (duckdb.Error, OSError) as error:
                part.unlink(missing_ok=True)
                reason = str(error).splitlines()[0]
                raise HistoryError(f"{final}: cannot be written: {reason}; choose another folder") from None
            paths.append(final)
        return paths


def _empty() -> dict[str, list[list[Any]]]:
    return {name: [[] for _ in schema] for name, schema in SCHEMAS.items()}


def _rows(columns: list[list[Any]]) -> int:
    return len(columns[0])
