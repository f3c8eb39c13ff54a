"""FEMTO/PRONOSTIA: bearings worn out under overload in hours, a snapshot every 10 s; only the features are needed."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from hil.scoring.base import Bar, DataError, Progress, Score
from hil.scoring.lives import ALARM_RULE, Life, Told, call_of, lives_table, watch
from hil.scoring.split import split_of

FEATURES = "features_10s.npz"
CADENCE_S = 10.0
MOST_FALSE_ALARMS = 1


def score(folder: Path, progress: Progress) -> Score:
    """Watch every life of `features_10s.npz`."""
    lives = read(folder)
    told: list[Told] = []
    progress(0, len(lives))
    for life in lives:
        told.append(watch(life))
        progress(len(told), len(lives))
    calls = tuple(
        call_of(
            one,
            "worn out",
            "onset" if np.isfinite(one.onset_s) else "no onset",
            right=bool(np.isfinite(one.onset_s)) and one.lead_s > 0.0,
            note=f"{len(one.alarms_s)} false alarm(s)" if one.alarms_s else "",
        )
        for one in told
    )
    return Score("femto", calls, tuple(_bars(told)), (lives_table(told, "onset and lead time"),), _split())


def read(folder: Path) -> list[Life]:
    """Read the lives.

    Raises
    ------
    DataError
        If the feature file is missing or not laid out as it should be.
    """
    path = folder / FEATURES
    if not path.is_file():
        raise DataError(f"{path}: no such file; --data must be the folder that holds {FEATURES}")
    facts = _facts(folder / "bearings.json")
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: np.asarray(archive[name]) for name in archive.files}
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: not a readable npz file ({problem}); copy it again") from None
    if "names" not in content:
        raise DataError(f"{path}: no array `names`; it must name the columns of every bearing's features")
    names = [str(name) for name in content.pop("names")]
    lives = []
    for bearing in sorted(name for name, value in content.items() if value.ndim == 2):
        table = content[bearing].astype(np.float64)
        if table.shape[1] != len(names):
            raise DataError(f"{path}: {bearing} has {table.shape[1]} columns, `names` lists {len(names)}")
        t = content.get(f"{bearing}_t")
        times = np.asarray(np.arange(table.shape[0]) * CADENCE_S if t is None else t, dtype=np.float64)
        speed = facts.get(bearing, {}).get("rpm")
        features = {name: table[:, i] for i, name in enumerate(names)}
        lives.append(Life(bearing, features, times, {"speed": "" if speed is None else f"{speed:g}"}))
    if not lives:
        raise DataError(f"{path}: holds no table [snapshot, feature]; it must have one per bearing")
    return lives


def _facts(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    try:
        found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise DataError(f"{path}: not readable as JSON ({problem}); copy it again, or remove it") from None
    return found


def _bars(told: list[Told]) -> list[Bar]:
    leads = sorted(one.lead_s for one in told if np.isfinite(one.onset_s))
    missed = [one.life.name for one in told if not (np.isfinite(one.onset_s) and one.lead_s > 0.0)]
    shown = f"{len(told) - len(missed)} of {len(told)}" + (f"; not: {', '.join(missed)}" if missed else "")
    if leads:
        shown += f"; lead {leads[0] / 60:.1f} min at least, {float(np.median(leads)) / 60:.0f} min in the middle"
    worst = max(told, key=lambda one: len(one.alarms_s))
    total = sum(len(one.alarms_s) for one in told)
    return [
        Bar("onset told before the end", shown, "every life", not missed),
        Bar(
            "false alarms before the onset",
            f"{total} in {len(told)} lives, at most {len(worst.alarms_s)} in one"
            + (f" ({worst.life.name})" if total else ""),
            f"at most {MOST_FALSE_ALARMS} per life",
            len(worst.alarms_s) <= MOST_FALSE_ALARMS,
        ),
    ]


def _split() -> str:
    return f"{split_of('femto')} {ALARM_RULE} No FEMTO life is a healthy one; each is healthy until its onset."
