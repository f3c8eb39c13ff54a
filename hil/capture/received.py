"""What the twin received, read from its history file after it has stopped: its files are its public face."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.verdict.series import Blocks, Series

if TYPE_CHECKING:
    from pathlib import Path


def read_history(path: Path, since_ns: int = 0) -> tuple[dict[str, Series], dict[str, Blocks]]:
    """Return readings and waveforms from `since_ns` [ns UTC] on by point id; both empty where there is no file.

    A twin on its own clock polls before the plant's time begins; what it met then is nobody's measurement.

    Raises
    ------
    RuntimeError
        The file is no history of a twin, or still open in another process; the message names it.
    """
    if not path.is_file():
        return {}, {}
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as db:
            readings = db.execute(
                "SELECT point, t_source, t_received, value, quality, stamp FROM readings"
                " WHERE t_source >= ? ORDER BY point, t_source, t_received",
                [since_ns],
            ).fetchnumpy()
            waveforms = db.execute(
                "SELECT point, t_source, n0, count, rate_hz, minimum, maximum, rms FROM waveforms"
                " WHERE n0 IS NOT NULL AND count > 0 AND quality < 1073741824 AND t_source >= ? ORDER BY point, n0",
                [since_ns],
            ).fetchnumpy()
    except duckdb.Error as problem:
        reason = str(problem).splitlines()[0]
        raise RuntimeError(f"{path}: cannot be read as a twin's history: {reason}") from None
    values = {name: _series(readings, rows) for name, rows in _by_point(readings["point"])}
    blocks = {name: _blocks(waveforms, rows) for name, rows in _by_point(waveforms["point"])}
    return values, blocks


def _by_point(points: Any) -> list[tuple[str, slice]]:
    """Split sorted rows into one slice per point."""
    names = np.asarray(points, dtype=object)
    if names.size == 0:
        return []
    edges = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), names.size]
    return [(str(names[a]), slice(a, b)) for a, b in pairwise(edges)]


def _column(table: dict[str, Any], name: str, rows: slice, dtype: Any) -> np.ndarray:
    column: Any = table[name][rows]
    if isinstance(column, np.ma.MaskedArray):  # NULL
        column = np.ma.filled(column.astype(dtype), np.nan if np.dtype(dtype).kind == "f" else 0)
    return np.asarray(column, dtype=dtype)


def _series(table: dict[str, Any], rows: slice) -> Series:
    return Series(
        _column(table, "t_source", rows, np.int64),
        _column(table, "value", rows, np.float64),
        _column(table, "quality", rows, np.uint32),
        _column(table, "t_received", rows, np.int64),
        str(table["stamp"][rows][0]),
    )


def _blocks(table: dict[str, Any], rows: slice) -> Blocks:
    extremes = np.column_stack([_column(table, name, rows, np.float64) for name in ("minimum", "maximum", "rms")])
    return Blocks(
        _column(table, "n0", rows, np.int64),
        _column(table, "count", rows, np.int64),
        _column(table, "t_source", rows, np.int64),
        None,
        float(_column(table, "rate_hz", rows, np.float64)[0]),
        extremes,
    )
