"""Bearing records whose truth is known: each judged, calls grouped, wrong parts counted."""

import csv
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.scoring.base import Bar, Call, DataError, Progress, Table
from twin.dsp.analysis import CALL, AnalysisResult, Bands, analyze
from twin.dsp.bearing import parse_bearing
from twin.dsp.moments import Moments
from twin.dsp.recordings import load_recording

SUFFIXES = (".npz", ".mat")
HEALTHY, UNKNOWN = "healthy", "unknown"
DEFAULT_BANDS: Bands = "all"
"""How every record is judged: bands weighed by the bearing's own lines."""
BLIND_BANDS: Bands = "chosen"
"""The band chooser that does not know the bearing."""
RIVAL_BANDS: tuple[Bands, ...] = ("raw", "kurtosis")
"""What both are measured against: no band at all, and the band of largest kurtosis."""


@dataclass(frozen=True, slots=True)
class Case:
    """A record to judge, and what is known of it.

    Parameters
    ----------
    record : what the tables call it
    path, channel : where its samples are; the first channel when None
    bearing : name or geometry, as `parse_bearing` reads it
    truth : fault name or "healthy"
    rate_hz, speed_hz : where they overrule what the file says
    groups, note : as in `Call`
    """

    record: str
    path: Path
    channel: str | None
    bearing: str
    truth: str
    rate_hz: float | None = None
    speed_hz: float | None = None
    groups: dict[str, str] = field(default_factory=dict)
    note: str = ""


def judge(case: Case, bands: Bands = DEFAULT_BANDS) -> Call:
    """Load one record and say what the twin's signal processing calls it."""
    recording = load_recording(case.path)
    geometry = parse_bearing(case.bearing)
    rate_hz = case.rate_hz or recording.rate_hz
    speed_hz = case.speed_hz or recording.speed_hz
    if rate_hz is None or speed_hz is None:
        missing = "sample rate (key fs)" if rate_hz is None else "shaft speed (key rpm or shaft_hz)"
        raise DataError(f"{case.path}: no {missing} in the file; add it, or list it in index.csv")
    try:
        _, x = recording.channel(case.channel)
    except ValueError as problem:
        return Call(case.record, case.truth, UNKNOWN, None, groups=case.groups, note=str(problem))
    try:
        result = analyze(x, rate_hz, speed_hz, geometry, bands=bands)
    except ValueError as problem:
        raise DataError(f"{case.path}: {problem}") from None
    called, confidence = _called(result)
    moments = Moments()
    moments.update(x)
    values = {"kurtosis": moments.kurtosis, "rms": moments.rms, "seconds": x.size / rate_hz}
    best = result.lines.get(called)
    if best is not None:
        values["order"] = best.f_hz / speed_hz
        values["order_error_percent"] = 100.0 * (best.f_hz / best.expected_hz - 1.0)
    flags = [*result.flags, *(["duplicated"] if recording.duplicates() else [])]
    note = "; ".join(part for part in (case.note, f"flags: {', '.join(flags)}" if flags else "") if part)
    return Call(
        record=case.record,
        truth=case.truth,
        called=called,
        right=None if called == UNKNOWN else called == case.truth,
        confidence=confidence,
        groups=case.groups | {"flags": " ".join(flags)},
        values={name: float(value) for name, value in values.items() if np.isfinite(value)},
        note=note,
    )


def _called(result: AnalysisResult) -> tuple[str, float | None]:

    best = result.diagnosis[0] if result.diagnosis else None
    if best is not None and best["confidence"] >= CALL:
        return str(best["fault"]), float(best["confidence"])
    return (HEALTHY if result.verdict == "healthy" else UNKNOWN), (None if best is None else float(best["confidence"]))


def judge_all(
    cases: Sequence[Case], clear: Callable[[Case], bool], progress: Progress, workers: int = 1
) -> dict[Bands, list[Call]]:
    """Judge every case, and the clear ones by every other choice of bands, too.

    Returns choice of bands → calls in the order of the cases; the same whatever the workers.
    """
    rivals = [case for case in cases if clear(case)]
    plan: dict[Bands, Sequence[Case]] = {DEFAULT_BANDS: cases}
    if rivals:
        plan |= dict.fromkeys((BLIND_BANDS, *RIVAL_BANDS), rivals)
    jobs = [(case, mode) for mode, listed in plan.items() for case in listed]
    answers: list[Call] = []
    progress(0, len(jobs))
    for call in _answers(jobs, workers):
        answers.append(call)
        progress(len(answers), len(jobs))
    left = iter(answers)
    return {mode: [next(left) for _ in listed] for mode, listed in plan.items()}


def _answers(jobs: list[tuple[Case, Bands]], workers: int) -> Iterator[Call]:
    if workers <= 1 or len(jobs) < 2:
        yield from (_job(job) for job in jobs)
        return
    # spawn: the parent may hold threads, which a forked child would inherit in mid-air
    with ProcessPoolExecutor(min(workers, len(jobs)), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_job, jobs)


def _job(job: tuple[Case, Bands]) -> Call:
    return judge(*job)


def is_wrong(call: Call) -> bool:
    """Whether a part was named that is not the hurt one (a fault called healthy is a miss, not a wrong part)."""
    return call.called not in (HEALTHY, UNKNOWN, call.truth)


def share_bar(name: str, calls: Sequence[Call], least: float) -> Bar:
    """At least this share of the calls right."""
    right = sum(call.right is True for call in calls)
    share = right / len(calls) if calls else 1.0
    limit = "all" if least >= 1.0 else f"at least {100 * least:g} %"
    missed = ", ".join(call.record for call in calls if call.right is not True)
    shown = f"{right} of {len(calls)} right ({100 * share:.1f} %)" + (f"; not: {missed}" if missed else "")
    return Bar(name, shown, limit, share >= least)


def wrong_bar(calls: Sequence[Call], most: float) -> Bar:
    """At most this share of all records with a confident wrong part."""
    wrong = [call.record for call in calls if is_wrong(call)]
    shown = f"{len(wrong)} of {len(calls)} ({100 * len(wrong) / max(len(calls), 1):.1f} %)"
    return Bar(
        "confident wrong part",
        shown + (f": {', '.join(wrong)}" if wrong else ""),
        f"at most {100 * most:g} % of the records",
        len(wrong) <= most * len(calls),
    )


def healthy_bar(calls: Sequence[Call]) -> Bar | None:
    """No confident call on a healthy record; None where there is none."""
    healthy = [call for call in calls if call.truth == HEALTHY]
    if not healthy:
        return None
    wrong = [call.record for call in healthy if is_wrong(call)]
    shown = f"{len(wrong)} of {len(healthy)} called" + (f": {', '.join(wrong)}" if wrong else "")
    return Bar("healthy records: no confident call", shown, "none", not wrong)


def confusion(calls: Sequence[Call], title: str = "confusion (rows: truth, columns: called)") -> Table:
    """Truth by called."""
    counts = Counter((call.truth, call.called) for call in calls)
    truths = _ordered({truth for truth, _ in counts})
    called = _ordered({said for _, said in counts})
    rows = [(short_name(truth), *(str(counts[truth, said] or "·") for said in called)) for truth in truths]
    return Table(title, ("truth", *map(short_name, called)), tuple(rows))


def grouped(calls: Sequence[Call], key: str, title: str) -> Table:
    """Count records, right, wrong part, called healthy, abstained: a row per value of the group."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(call.groups.get(key) or "–", []).append(call)
    rows = []
    for name in sorted(groups, key=_natural):
        members = groups[name]
        right = sum(call.right is True for call in members)
        wrong = sum(is_wrong(call) for call in members)
        missed = sum(call.called == HEALTHY and call.truth != HEALTHY for call in members)
        rows.append(tuple(map(str, (name, len(members), right, wrong, missed, len(members) - right - wrong - missed))))
    return Table(title, (key, "records", "right", "wrong part", "called healthy", "abstained"), tuple(rows))


def compare_bands(calls: Mapping[Bands, list[Call]], clear_name: str) -> tuple[list[Bar], list[Table]]:
    """Set the choices of band beside each other on the clear records; nothing where there are none."""
    if "raw" not in calls:
        return [], []
    clear = {call.record for call in calls["raw"]}
    beside = {mode: [call for call in made if call.record in clear] for mode, made in calls.items()}
    rows = tuple(
        (
            mode,
            f"{sum(call.right is True for call in made)} of {len(made)}",
            str(sum(is_wrong(call) for call in made)),
            ", ".join(call.record for call in made if call.right is not True) or "none",
        )
        for mode, made in beside.items()
    )
    table = Table(f"choice of band, {clear_name} records", ("bands", "right", "wrong part", "not right"), rows)
    bars = []
    what: dict[Bands, str] = {DEFAULT_BANDS: "weighing all bands", BLIND_BANDS: "the blind band chooser"}
    for mode, words in what.items():
        lost = [
            own.record
            for own, raw in zip(beside[mode], beside["raw"], strict=True)
            if raw.right is True and own.right is not True
        ]
        name = f"{words} loses no {clear_name} record that the raw envelope gets"
        bars.append(Bar(name, ", ".join(lost) or "none lost", "none lost", not lost))
    return bars, [table]


def read_index(folder: Path) -> dict[str, dict[str, str]]:
    """Read file → row of index.csv, empty where there is none; columns that are missing read as "".

    Raises
    ------
    DataError
        If index.csv has no column `file`.
    """
    path = folder / "index.csv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as handle:
        reader = csv.DictReader(handle)
        if "file" not in (reader.fieldnames or ()):
            raise DataError(f"{path}: no column `file`; name the columns in its first line, or remove the file")
        return {row["file"]: {key: value or "" for key, value in row.items() if key} for row in reader if row["file"]}


def record_files(folder: Path, index: Iterable[str]) -> list[Path]:
    """List the records that are there: those of the index, then others by name.

    Raises
    ------
    DataError
        If the folder is missing or holds none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; give --data the folder of the records, or the one that holds it")
    listed = [folder / name for name in index if (folder / name).is_file()]
    others = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES and path not in listed]
    if not listed and not others:
        raise DataError(f"{folder}: holds no records ({', '.join(SUFFIXES)}); give --data the folder that does")
    return listed + others


def number(text: str | None) -> float | None:
    """Read a cell that may be empty or nan."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def samples(path: Path, channel: str | None) -> NDArray[np.float64]:
    """Read one channel as it is."""
    return load_recording(path).channel(channel)[1]


def extra_of(calls: Mapping[Bands, list[Call]]) -> dict[str, Any]:
    """Keep the calls of the rival choices of band, for whoever wants them."""
    return {mode: {call.record: call.called for call in made} for mode, made in calls.items() if mode != DEFAULT_BANDS}


def _ordered(names: set[str]) -> list[str]:
    last = {HEALTHY: 1, UNKNOWN: 2}
    return sorted(names, key=lambda name: (last.get(name, 0), name))


def short_name(name: str) -> str:
    """Give a fault's name as tables show it."""
    return name.removeprefix("bearing_").replace("_", " ")


def _natural(name: str) -> tuple[int, float, str]:
    value = number(name)
    return (0, value, name) if value is not None else (1, 0.0, name)
