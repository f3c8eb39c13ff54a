"""Gearbox with a broken tooth, SpectraQuest simulator: each record against the healthy ones, no model of gears."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hil.scoring.base import Bar, Call, DataError, Progress, Score, Table
from twin.dsp.reference import Comparison, compare

FALSE_ALARM = 0.02
WORDS = {"same": "healthy", "changed": "changed", "cannot say": "unknown"}
NOTE = (
    "Proves little: the healthy and the broken records are of different assemblies and are told apart by simple"
    " statistics (rms alone does not). The sampling rate is not stated, so bands are shares of it."
)


def score(folder: Path, progress: Progress) -> Score:
    """Judge every broken-tooth record against the healthy ones, and every healthy record against the other loads.

    Raises
    ------
    DataError
        If the folder lacks `healthy_load*.npz` (three or more) or `broken_tooth_load*.npz`.
    """
    healthy = _load(folder, "healthy")
    broken = _load(folder, "broken_tooth")
    if len(healthy) < 3 or not broken:
        raise DataError(
            f"{folder}: {len(healthy)} healthy_load*.npz and {len(broken)} broken_tooth_load*.npz found; needed are"
            " three or more of the first, which serve as references, and one or more of the second"
        )
    calls: list[Call] = []
    rows: list[tuple[str, ...]] = []
    for truth, records in (("healthy", healthy), ("broken_tooth", broken)):
        for name, x in records.items():
            others = [record for other, record in healthy.items() if other != name]
            # the loads differ and level follows load: only the shape of spectrum and wave form is compared
            result = compare(x, others, rate_hz=1.0, false_alarm=FALSE_ALARM, ignore_level=True)
            calls.append(_call(name, truth, result))
            rows.append(_row(name, result))
            progress(len(calls), len(healthy) + len(broken))
    return Score(
        dataset="gearbox_gfd",
        calls=tuple(calls),
        bars=_bars(calls),
        tables=(
            Table(
                f"Each record against all healthy records but itself, level ignored. {NOTE}",
                ("record", "outcome", "score", "limit", "p", "bands dB", "most changed"),
                tuple(rows),
            ),
        ),
        split=(
            "no constant was set on these records; that level is ignored was decided with them in sight (with levels"
            " compared too, one broken-tooth record of five is 'cannot say', the rest is the same); healthy records"
            " are judged with themselves left out"
        ),
        extra={"false_alarm": FALSE_ALARM, "note": NOTE},
    )


def _load(folder: Path, kind: str) -> dict[str, NDArray[np.float64]]:
    found = {}
    for file in sorted(folder.glob(f"{kind}_load*.npz")):
        with np.load(file) as content:
            missing = {"x", "scale"} - set(content.files)
            if missing:
                raise DataError(
                    f"{file}: has no array {' and '.join(sorted(missing))}; needed are x [n, channels], scale"
                )
            found[file.name] = np.ascontiguousarray((content["x"] * float(content["scale"])).T, dtype=np.float64)
    return found


def _call(name: str, truth: str, result: Comparison) -> Call:
    called = WORDS[result.outcome]
    right = None if called == "unknown" else (called == "healthy") == (truth == "healthy")
    load = "".join(filter(str.isdigit, name))
    values = {"score": result.score, "p": result.p_value, "distance_db": result.distance_db}
    values["limit"] = result.limit
    return Call(name, truth, called, right, groups={"load": load}, values=values, note=result.reason)


def _row(name: str, result: Comparison) -> tuple[str, ...]:
    most = "-"
    if result.changes:
        change = result.changes[0]
        band = f" {change.band_hz[0]:.3f}-{change.band_hz[1]:.3f} fs" if change.band_hz else ""
        most = f"{change.name}{band}, channel {change.channel + 1}: {change.change_db:+.1f} dB"
    return (
        name,
        result.outcome,
        f"{result.score:.2f}",
        f"{result.limit:.2f}",
        f"{result.p_value:.3f}",
        f"{result.distance_db:.1f}",
        most,
    )


def _bars(calls: list[Call]) -> tuple[Bar, ...]:
    broken = [call for call in calls if call.truth != "healthy"]
    healthy = [call for call in calls if call.truth == "healthy"]
    seen = sum(call.called == "changed" for call in broken)
    alarms = sum(call.called == "changed" for call in healthy)
    return (
        Bar("broken-tooth records called changed", f"{seen} of {len(broken)}", "all", seen == len(broken)),
        Bar("healthy records called changed", f"{alarms} of {len(healthy)}", "none", alarms == 0),
    )
