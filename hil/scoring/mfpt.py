"""MFPT: inner- and outer-race faults of one bearing at several loads, and healthy baselines."""

import re
from pathlib import Path

from hil.scoring.base import DataError, Progress, Score
from hil.scoring.bearings import Case, number
from hil.scoring.races import listed_files, race_of, score_races

SHAFT_HZ = 25.0
"""Shaft frequency of the whole set, for files that do not carry it."""


def score(folder: Path, progress: Progress, workers: int = 1) -> Score:
    """Judge the records of `folder` (npz or the owner's mat files, beside an optional index.csv)."""
    groups = {"load": "by load [lb]", "rate": "by sampling rate [Hz]"}
    return score_races("mfpt", cases(folder), groups, progress, workers)


def cases(folder: Path) -> list[Case]:
    """List what there is to judge; what index.csv does not tell is read from the files and their names."""
    from twin.dsp.recordings import load_recording

    found = []
    for path, row in listed_files(folder):
        truth = race_of(row.get("fault") or "") or race_of(path.stem) or _race_in(path.stem)
        if not truth:
            raise DataError(
                f"{path}: neither index.csv nor its name tells the fault; list it there with file,fault, or let its"
                " name begin with Inner, Outer or baseline"
            )
        recording = load_recording(path)
        channel = next((name for name in ("x", "gs") if name in recording.channels), None)
        load = number(row.get("load_lbs"))
        rate = number(row.get("fs")) or recording.rate_hz
        found.append(
            Case(
                record=path.stem,
                path=path,
                channel=channel,
                bearing="MFPT",
                truth=truth,
                rate_hz=rate,
                speed_hz=number(row.get("shaft_hz")) or recording.speed_hz or SHAFT_HZ,
                groups={
                    "load": "" if load is None else f"{load:g}",
                    "rate": "" if rate is None else f"{rate:g}",
                },
                note=row.get("note", ""),
            )
        )
    return found


def _race_in(stem: str) -> str:
    matched = re.search(r"inner|outer|baseline|normal", stem, re.IGNORECASE)
    return race_of(matched[0]) if matched else ""
