"""HIT-SM: race faults of three sizes and normal records, on two rigs at three speeds."""

import re
from pathlib import Path

from hil.scoring.base import DataError, Progress, Score
from hil.scoring.bearings import Case, number
from hil.scoring.races import listed_files, race_of, score_races

BEARING = "6205"
"""Stated for the fault simulator; the own rig's bearing is not, and shows the same lines."""
NAME = re.compile(r"(?P<rig>[a-z]+)_(?P<fault>IR|OR|Normal)(?P<arc>\d*)_(?P<rpm>\d+)", re.IGNORECASE)


def score(folder: Path, progress: Progress, workers: int = 1) -> Score:
    """Judge the records of `folder` (npz files beside an optional index.csv)."""
    groups = {"rig": "by rig", "speed": "by speed [rpm]", "arc": "by arc of the fault [°]"}
    return score_races("hit_sm", cases(folder), groups, progress, workers)


def cases(folder: Path) -> list[Case]:
    """List what there is to judge; what index.csv does not tell is read from file names."""
    found = []
    for path, row in listed_files(folder):
        matched = NAME.match(path.stem)
        named = {key: value or "" for key, value in matched.groupdict().items()} if matched else {}
        truth = race_of(row.get("fault") or named.get("fault", ""))
        if not truth:
            raise DataError(
                f"{path}: neither index.csv nor its name tells the fault; list it there with file,fault,rpm, or name"
                " it like mfs_OR5_900.npz"
            )
        rpm = number(row.get("rpm")) or number(named.get("rpm"))
        arc = number(row.get("fault_arc_deg") or named.get("arc"))
        found.append(
            Case(
                record=path.stem,
                path=path,
                channel=None,
                bearing=BEARING,
                truth=truth,
                rate_hz=number(row.get("fs")),
                speed_hz=None if rpm is None else rpm / 60.0,
                groups={
                    "rig": row.get("rig") or named.get("rig", ""),
                    "speed": "" if rpm is None else f"{rpm:g}",
                    "arc": f"{arc:g}" if arc else "",
                },
                note=row.get("note", ""),
            )
        )
    return found
