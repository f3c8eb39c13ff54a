"""One scenario's capture as Parquet: offered, received, findings, truth, waveforms around faults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.record import finite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hil.record import FaultTrace
    from hil.verdict.evaluate import Facts
    from hil.verdict.matching import Finding
    from hil.verdict.series import Blocks, Series

CUT_BEFORE_S, CUT_AFTER_S = 2.0, 4.0


def write_capture(
    folder: Path, truth: Sequence[FaultTrace], findings: Sequence[Finding], facts: Facts
) -> tuple[Path, ...]:
    """Write the capture into `folder` and return the files written.

    ``offered.parquet``, ``received.parquet``: point, t_ns, value [SI], status; the latter also received_ns,
    stamp. ``findings.parquet``, ``truth.parquet``: one row each, nested parts as JSON. ``waveforms.parquet``:
    point, n0, t_ns, rate_hz, samples [SI], cut out around onsets and detections. Times are UTC nanoseconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    moments = sorted({f.onset_ns for f in truth} | {int(f["detected_ns"]) for f in findings})
    tables = {
        "offered": _readings(facts.offered, received=False),
        "received": _readings(facts.received, received=True),
        "findings": _findings(findings),
        "truth": _truth(truth),
        "waveforms": _cut_outs(facts.offered_blocks, moments),
    }
    return tuple(_write(folder / f"{name}.parquet", columns) for name, columns in tables.items())


def _write(path: Path, columns: dict[str, tuple[str, Any]]) -> Path:
    """Write named columns, whole or not at all: an open Parquet file is lost with its process."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        "text": pa.string(), "json": pa.string(), "int": pa.int64(),
        "status": pa.uint32(), "number": pa.float64(), "samples": pa.list_(pa.float32()),
    }  # fmt: skip
    arrays = {}
    for name, (kind, values) in columns.items():
        made = pa.array(values, kinds[kind])
        arrays[name] = made.dictionary_encode() if kind == "text" else made
    part = path.with_suffix(".part")
    pq.write_table(pa.table(arrays), part, compression="zstd")
    part.replace(path)
    return path


def _readings(series: Mapping[str, Series], *, received: bool) -> dict[str, tuple[str, Any]]:
    names = sorted(series)
    each = [series[name] for name in names]

    def joined(parts: list[np.ndarray], dtype: Any) -> np.ndarray:
        return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)

    columns: dict[str, tuple[str, Any]] = {
        "point": ("text", np.repeat(np.array(names, dtype=object), [s.t_ns.size for s in each])),
        "t_ns": ("int", joined([s.t_ns for s in each], np.int64)),
        "value": ("number", joined([s.values for s in each], np.float64)),
        "status": ("status", joined([s.status for s in each], np.uint32)),
    }
    if received:
        when = [s.received_ns if s.received_ns is not None else s.t_ns for s in each]
        columns["received_ns"] = ("int", joined(when, np.int64))
        stamps = np.array([s.stamp for s in each], dtype=object)
        columns["stamp"] = ("text", np.repeat(stamps, [s.t_ns.size for s in each]))
    return columns


def _findings(findings: Sequence[Finding]) -> dict[str, tuple[str, Any]]:
    columns: dict[str, tuple[str, Any]] = {
        name: ("json", [_text(f.get(name)) for f in findings]) for name in ("id", "fault", "on", "category", "state")
    }
    for name in ("detected_ns", "onset_ns", "closed_ns"):
        columns[name] = ("int", [f.get(name) for f in findings])
    for name in ("severity", "confidence"):
        columns[name] = ("number", [f.get(name) for f in findings])
    for name in ("evidence", "ambiguous"):
        columns[name] = ("json", [json.dumps(finite(f.get(name)), default=str) for f in findings])
    return columns


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _truth(truth: Sequence[FaultTrace]) -> dict[str, tuple[str, Any]]:
    return {
        "kind": ("json", [f.kind for f in truth]),
        "on": ("json", [f.on for f in truth]),
        "layer": ("json", [f.layer for f in truth]),
        "onset_ns": ("int", [f.onset_ns for f in truth]),
        "cleared_ns": ("int", [f.cleared_ns for f in truth]),
        "severity": ("json", [json.dumps(f.severity) for f in truth]),
        "skipped": ("json", [f.skipped for f in truth]),
    }


def _cut_outs(blocks: Mapping[str, Blocks], moments: Sequence[int]) -> dict[str, tuple[str, Any]]:
    rows: dict[str, list[Any]] = {"point": [], "n0": [], "t_ns": [], "rate_hz": [], "samples": []}
    windows = [(t - round(CUT_BEFORE_S * 1e9), t + round(CUT_AFTER_S * 1e9)) for t in moments]
    for name in sorted(blocks):
        wave = blocks[name]
        if wave.samples is None:
            continue
        starts = np.concatenate([[0], np.cumsum(wave.count)])
        for i, t_ns in enumerate(wave.t_ns.tolist()):
            if any(a <= t_ns <= b for a, b in windows):
                row = (name, int(wave.n0[i]), t_ns, wave.rate_hz, wave.samples[starts[i] : starts[i + 1]])
                for column, value in zip(rows.values(), row, strict=True):
                    column.append(value)
    kinds = ("text", "int", "int", "number", "samples")
    return {name: (kind, rows[name]) for name, kind in zip(rows, kinds, strict=True)}
