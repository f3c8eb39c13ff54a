"""The true remaining life at every sample, in plant seconds: known exactly once the part has failed."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NANO = 1e-9
FILE = "remaining_life.csv"
COLUMNS = ("t_ns", "part", "generation", "damage", "severity", "rul_s")


@dataclass(frozen=True, slots=True)
class Remaining:
    """One part at one time; `rul_s` is None where it had not failed by the end of the log, or was repaired before."""

    t_ns: int
    part: str
    generation: int
    damage: float
    severity: float
    rul_s: float | None


def remaining_life(truth: Path) -> Iterator[Remaining]:
    """Yield every part of every ``life`` entry of a truth log with its exact remaining life.

    Parameters
    ----------
    truth : Path
        ``truth.jsonl`` of a run.

    """
    failed: dict[tuple[str, int], int] = {}
    for entry in _entries(truth, "failure"):
        failed[entry["part"], entry["generation"]] = entry["t_ns"]
    for entry in _entries(truth, "life"):
        for part, state in entry["parts"].items():
            end_ns = failed.get((part, state["generation"]))
            rul_s = None if end_ns is None else max(end_ns - entry["t_ns"], 0) * NANO
            yield Remaining(entry["t_ns"], part, state["generation"], state["damage"], state["severity"], rul_s)


def write_remaining_life(truth: Path) -> Path:
    """Write ``remaining_life.csv`` beside a finished truth log; returns its path. A blank means: not known."""
    path = truth.with_name(FILE)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in remaining_life(truth):
            writer.writerow([getattr(row, column) for column in COLUMNS])
    return path


def _entries(truth: Path, event: str) -> Iterator[dict[str, Any]]:
    mark = f'"event": "{event}"'
    with truth.open(encoding="utf-8") as file:
        for line in file:
            if mark in line:
                entry = json.loads(line)
                if entry["event"] == event:
                    yield entry
