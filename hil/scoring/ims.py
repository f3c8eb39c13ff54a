"""IMS/NASA: four bearings on one shaft until one fails. Lives from feature tables; raw snapshots as negatives.

The raw snapshots are healthy, or of the machine at rest; their clock is 20.48 kHz where the data sheet says 20.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hil.scoring.base import Bar, Call, DataError, Progress, Score, Table
from hil.scoring.bearings import HEALTHY, UNKNOWN, is_wrong
from hil.scoring.lives import ALARM_RULE, Life, Told, call_of, lives_table, watch
from hil.scoring.split import split_of

Floats = NDArray[np.float64]

BEARING = "ZA-2115"
"""Rexnord, 16 rollers a row: orders 7.092 outer, 8.907 inner, 8.394 rollers."""
SHAFT_HZ = 2000.0 / 60.0
DECLARED_HZ, TRUE_HZ = 20_000.0, 20_480.0
AT_REST = 0.005
"""Standard deviation of counts·scale below which the machine does not turn; running it is 0.05 … 0.1."""
FAILED = {"1": {"3", "4"}, "2": {"1"}, "3": {"3"}}
"""Bearings that failed, by set."""
FAILURE = {"1": "inner race of bearing 3, rollers of bearing 4", "2": "outer race of bearing 1", "3": "outer race"}
AT_REST_FLAGS = {"dead", "coarse", "constant"}
MOST_FALSE_ALARMS = 1


def score(folder: Path, progress: Progress) -> Score:
    """Watch the lives of every `set<N>_features.npz` and judge every raw snapshot."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; give --data the folder of the records, or the one that holds it")
    tables = sorted(folder.glob("set*_features.npz"))
    snapshots = sorted(path for path in folder.glob("*.npz") if path not in tables)
    if not tables and not snapshots:
        raise DataError(
            f"{folder}: holds neither set<N>_features.npz nor a snapshot npz; give --data the folder that does"
        )
    done, total = 0, len(tables) + len(snapshots)
    calls: list[Call] = []
    bars: list[Bar] = []
    shown: list[Table] = []
    progress(done, total)
    for path in tables:
        made_calls, made_bars, table = _score_set(path)
        calls += made_calls
        bars += made_bars
        shown.append(table)
        done += 1
        progress(done, total)
    raw: list[_Snapshot] = []
    for path in snapshots:
        raw.append(_snapshot(path))
        done += 1
        progress(done, total)
    calls += [call for one in raw for call in one.calls]
    bars += _raw_bars(raw)
    rule = (
        f"{ALARM_RULE} On a bearing that did not fail, any alarm raised before the failing one's onset is false, too;"
    )
    return Score(
        "ims", tuple(calls), tuple(bars), tuple(shown), f"{split_of('ims')} {rule} one raised later is cross-talk."
    )


def _score_set(path: Path) -> tuple[list[Call], list[Bar], Table]:
    number = re.match(r"set(\d+)_", path.name)
    which = number[1] if number else ""
    failed = FAILED.get(which, set())
    told = [watch(life) for life in read(path)]
    failing = [one for one in told if one.life.groups["bearing"] in failed]
    first = min((one.onset_s for one in failing if np.isfinite(one.onset_s)), default=float("inf"))
    calls = []
    false_alarms: dict[str, int] = {}
    for one in told:
        name = f"set {which} {one.life.name}"
        if one in failing:
            hit = bool(np.isfinite(one.onset_s)) and one.lead_s > 0.0
            false_alarms[name] = len(one.alarms_s)
            calls.append(call_of(one, "fails", "onset" if hit else "no onset", right=hit))
            continue
        raised = [at for at, _ in one.alarms_s] + ([one.onset_s] if np.isfinite(one.onset_s) else [])
        early = [at for at in raised if at < first]
        false_alarms[name] = len(early)
        late = len(raised) - len(early)
        note = f"{late} alarm(s) after the failing bearing's onset: cross-talk" if late else ""
        calls.append(call_of(one, HEALTHY, "onset" if early else HEALTHY, right=not early, note=note))
    return calls, _life_bars(which, failing, false_alarms), lives_table(told, f"set {which}: {FAILURE.get(which, '')}")


def _life_bars(which: str, failing: list[Told], false_alarms: dict[str, int]) -> list[Bar]:
    bars = []
    by_bearing: dict[str, list[Told]] = {}
    for one in failing:
        by_bearing.setdefault(one.life.groups["bearing"], []).append(one)
    for bearing, channels in by_bearing.items():
        leads = [one.lead_s for one in channels if np.isfinite(one.onset_s)]
        told = f"{max(leads) / 3600:.1f} h before the end" if leads else "never told"
        bars.append(Bar(f"set {which}, bearing {bearing}: onset told", told, "before the end", bool(leads)))
    worst = max(false_alarms, key=lambda name: false_alarms[name])
    shown = f"{sum(false_alarms.values())} in {len(false_alarms)} channels, at most {false_alarms[worst]} in one"
    bars.append(
        Bar(
            f"set {which}: false alarms",
            shown,
            f"at most {MOST_FALSE_ALARMS} per life",
            false_alarms[worst] <= MOST_FALSE_ALARMS,
        )
    )
    return bars


def read(path: Path) -> list[Life]:
    """Read a feature table: a life per channel, named `<channel>_<feature>` in `names`.

    Raises
    ------
    DataError
        If the file is not laid out as it should be.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = [str(name) for name in archive["names"]]
            values = np.asarray(archive["values"], dtype=np.float64)
            stamps = np.asarray(archive["time"]).astype("datetime64[s]").astype(np.float64)
    except (OSError, ValueError, KeyError) as problem:
        raise DataError(f"{path}: must hold time, names and values [snapshot, feature] ({problem})") from None
    columns: dict[str, dict[str, Floats]] = {}
    for i, name in enumerate(names):
        channel, _, feature = name.rpartition("_")
        columns.setdefault(channel, {})[feature] = values[:, i]
    lives = []
    for channel, found in columns.items():
        features = _features(found)
        if features:
            digits = re.search(r"\d+", channel)
            lives.append(Life(channel, features, stamps, {"bearing": digits[0] if digits else channel}))
    if not lives:
        raise DataError(
            f"{path}: `names` has no column <channel>_std or <channel>_rms; it has {', '.join(names[:6])}, …"
        )
    return lives


def _features(found: dict[str, Floats]) -> dict[str, Floats]:
    """Name the columns as the detector does: rms without the offset, peak, kurtosis (3 when normal)."""
    level = found.get("std", found.get("rms"))
    if level is None:
        return {}
    features = {"rms": level}
    if "max" in found:
        features["peak"] = np.abs(found["max"] - found.get("mean", np.zeros_like(level)))
    if "kurtosis" in found:
        features["kurt"] = found["kurtosis"] + 3.0  # the table gives the excess
    return features


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A raw snapshot: what each channel was called, and what was said of the clock declared and of the true one."""

    name: str
    calls: list[Call]
    at_rest: bool
    doubted: bool
    likely_hz: float
    doubted_true: bool


def _snapshot(path: Path) -> _Snapshot:
    from twin.dsp.analysis import CALL, analyze
    from twin.dsp.bearing import parse_bearing
    from twin.dsp.clockcheck import rate_check
    from twin.dsp.recordings import load_recording

    recording = load_recording(path)
    geometry = parse_bearing(BEARING)
    rate_hz, speed_hz = recording.rate_hz or TRUE_HZ, recording.speed_hz or SHAFT_HZ
    at_rest = all(float(x.std()) < AT_REST for x in recording.channels.values())
    truth = "at rest" if at_rest else HEALTHY
    calls = []
    for name, x in recording.channels.items():
        result = analyze(x, rate_hz, speed_hz, geometry)
        best = result.diagnosis[0] if result.diagnosis else None
        sure = best is not None and best["confidence"] >= CALL
        called = best["fault"] if best is not None and sure else result.verdict
        calls.append(
            Call(
                record=f"{path.stem} {name}",
                truth=truth,
                called=called,
                right=None if called == UNKNOWN else called == truth,
                confidence=None if best is None else float(best["confidence"]),
                groups={"flags": " ".join(result.flags)},
                values={"rms": float(x.std())},
                note=f"flags: {', '.join(result.flags)}" if result.flags else "",
            )
        )
    channels = np.stack(list(recording.channels.values()))
    turning_hz = None if at_rest else speed_hz
    declared = rate_check(channels, DECLARED_HZ, turning_hz)
    true = rate_check(channels, TRUE_HZ, turning_hz)
    return _Snapshot(
        path.stem, calls, at_rest, declared.flag is not None, declared.rate_hz, true.flag in ("rate", "rate_doubtful")
    )


def _raw_bars(raw: Sequence[_Snapshot]) -> list[Bar]:
    bars = []
    running = [one for one in raw if not one.at_rest]
    resting = [one for one in raw if one.at_rest]
    if running:
        wrong = [call.record for one in running for call in one.calls if is_wrong(call)]
        count = sum(len(one.calls) for one in running)
        bars.append(
            Bar(
                "healthy snapshots: no confident call",
                f"{len(wrong)} of {count} channels called" + (f": {', '.join(wrong)}" if wrong else ""),
                "none",
                not wrong,
            )
        )
    if resting:
        silent = [
            call.record
            for one in resting
            for call in one.calls
            if call.called != UNKNOWN or not AT_REST_FLAGS & set(call.groups["flags"].split())
        ]
        bars.append(
            Bar(
                "machine at rest is flagged, not judged",
                f"{len(resting)} snapshots" + (f"; judged: {', '.join(silent)}" if silent else ""),
                "every channel",
                not silent,
            )
        )
    if raw:
        noticed = [one for one in raw if one.doubted and abs(one.likely_hz / TRUE_HZ - 1.0) < 0.01]
        unseen = sorted(one.name for one in raw if one not in noticed)
        likely = f", likely {float(np.median([one.likely_hz for one in noticed])):.0f} Hz" if noticed else ""
        missed = f"; not: {', '.join(unseen)}" if unseen else ""
        bars.append(
            Bar(
                "clock declared as 20 kHz is noticed, 20.48 kHz found",
                f"in {len(noticed)} of {len(raw)} snapshots{likely}{missed}",
                "every snapshot",
                not unseen,
            )
        )
        accused = [one.name for one in raw if one.doubted_true]
        bars.append(
            Bar(
                "the true clock is not doubted",
                f"{len(accused)} of {len(raw)} snapshots" + (f": {', '.join(accused)}" if accused else ""),
                "none",
                not accused,
            )
        )
    return bars
