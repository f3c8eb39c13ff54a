"""Motor with shorted turns (University of Guanajuato): the negative sequence calls it, and rises with severity.

Every record is judged against healthy records of other repetitions (leave one repetition out), without speed:
half a horsepower at no load for a second tells nothing of the rotor, and nothing is asked about it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil.scoring.base import Bar, Call, DataError, Progress, Score, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEALTHY, FAULT = "healthy", "stator_turns"
POLES = 4
"""Not stated with the data; only the slip would need it, and no slip is asked for."""
CALL = 0.5
SAME_AS_HEALTHY = 0.01
"""A negative sequence this near to a healthy one of another repetition is the sound motor's own."""
MIN_SPEARMAN = 0.85
RANGES = {"0": (0.015, 0.045), "10": (0.025, 0.185), "20": (0.145, 0.205), "30": (0.205, 0.275), "40": (0.215, 0.335)}
"""Negative over positive sequence that the data set's description states, half a percent wider for its rounding."""
SPLIT = (
    "Nothing is fitted. The limit of a call is the twin's own: 3 % beyond the mean of healthy records, or twice their"
    " scatter plus three standard errors where that is more; healthy records are those of all repetitions but the"
    " judged one's (without any, 8 % plus what the zero sequence shows of the sensors' error). All records reported."
)


@dataclass(frozen=True, slots=True)
class _Record:
    name: str
    phase: str
    turns: str
    repetition: str
    current: "NDArray[np.float64]"


def score(folder: Path, progress: Progress) -> Score:
    """Judge the records of `folder`/currents.npz: i_abc [record, n, 3], cls, repetition, fs and line_hz."""
    records, rate_hz, line_hz = load(folder)
    calls = []
    for done, record in enumerate(records, start=1):
        calls.append(_judge(record, records, rate_hz, line_hz))
        progress(done, len(records))
    bars = [*_ladder_bars(calls), *_call_bars(calls), *_range_bars(calls)]
    return Score("motor_itsc", tuple(calls), tuple(bars), (_ladder(calls), _confusion(calls), _angles(calls)), SPLIT)


def load(folder: Path) -> tuple[list[_Record], float, float]:
    """Read the records, their rate and the line's frequency [Hz].

    Raises
    ------
    DataError
        If the file or something in it is missing.
    """
    import numpy as np

    path = folder / "currents.npz"
    if not path.is_file():
        raise DataError(f"{folder} holds no currents.npz: give the folder of the motor_itsc data set")
    with np.load(path, allow_pickle=False) as file:
        missing = [key for key in ("i_abc", "cls", "repetition", "fs", "line_hz") if key not in file]
        if missing:
            raise DataError(f"{path} holds no {', '.join(missing)}")
        currents, names, repetitions = file["i_abc"], file["cls"], file["repetition"]
        rate_hz, line_hz = float(file["fs"]), float(file["line_hz"])
    if currents.ndim != 3 or currents.shape[2] != 3 or not len(currents) == len(names) == len(repetitions):
        raise DataError(
            f"{path}: i_abc of shape {currents.shape} must be [record, n, 3], as many as cls and repetition"
        )
    records = []
    for current, kind, repetition in zip(currents, names, repetitions, strict=True):
        phase, turns = ("", "0") if str(kind) == "HLT" else (str(kind)[:1], str(kind)[1:])
        if turns not in RANGES:
            raise DataError(f"{path}: class {kind!s} is none of HLT, A10 … C40")
        rows = np.ascontiguousarray(current.T, dtype=np.float64)
        records.append(_Record(f"{kind}_{repetition}", phase, turns, str(repetition), rows))
    return records, rate_hz, line_hz


def _judge(record: _Record, records: list[_Record], rate_hz: float, line_hz: float) -> Call:
    from twin.dsp.motor_current import analyze_current

    others = [one for one in records if one.turns == "0" and one.repetition != record.repetition]
    result = analyze_current(
        record.current,
        rate_hz=rate_hz,
        poles=POLES,
        supply_hz=line_hz,
        reference=[one.current for one in others] or None,
    )
    truth = HEALTHY if record.turns == "0" else FAULT
    groups = {"phase": record.phase or "none", "turns": record.turns, "repetition": record.repetition}
    if result.sequence is None:
        return Call(record.name, truth, "unknown", None, None, groups, {}, result.reason)
    fault = result.confidence(FAULT)
    # without healthy records the fault shares its confidence with the supply: half of it is all that can be had
    fault = fault if others else min(fault / 0.49, 1.0)
    called = FAULT if fault >= CALL else HEALTHY
    values = {
        "negative_share": abs(result.sequence.negative_share),
        "standard_error": result.sequence.negative_share_std,
        "zero_share": result.sequence.zero_share,
    }
    evidence: dict[str, Any] = next((entry["evidence"] for entry in result.diagnosis if entry["fault"] == FAULT), {})
    values |= {key: float(evidence[key]) for key in ("excess_over_healthy", "excess_angle_deg") if key in evidence}
    note = "" if others else "no healthy record of another repetition: judged by the published limit"
    if truth == FAULT and _like_healthy(result.sequence.negative_share, records, rate_hz, line_hz):
        note = "like a healthy record within 1 % of positive sequence: shorted turns that do not show, or a mislabel"
    confidence = fault if called == FAULT else 1.0 - fault
    return Call(record.name, truth, called, called == truth, round(confidence, 4), groups, values, note)


def _like_healthy(share: complex, records: list[_Record], rate_hz: float, line_hz: float) -> bool:
    from twin.dsp.sequence import sequences

    sound = [sequences(one.current, rate_hz, line_hz).negative_share for one in records if one.turns == "0"]
    return any(abs(share - one) < SAME_AS_HEALTHY for one in sound)


def _ladder_bars(calls: list[Call]) -> list[Bar]:
    from scipy.stats import spearmanr

    bars = []
    for phase in sorted({call.groups["phase"] for call in calls} - {"none"}):
        ladder = _of_phase(calls, phase)
        medians = _medians(ladder)
        rising = all(low < high for low, high in zip(medians.values(), list(medians.values())[1:], strict=False))
        shown = " < ".join(f"{100 * value:.1f}" for value in medians.values()) + " %"
        bars.append(
            Bar(f"phase {phase}: median negative sequence over {', '.join(medians)} % turns", shown, "rises", rising)
        )
        severity = [float(call.groups["turns"]) for call in ladder]
        if len(set(severity)) > 1:
            rank = float(spearmanr(severity, [call.values["negative_share"] for call in ladder]).statistic)
            name = f"phase {phase}: Spearman correlation of severity and negative sequence, {len(ladder)} records"
            bars.append(Bar(name, f"{rank:.3f}", f"at least {MIN_SPEARMAN}", rank >= MIN_SPEARMAN))
    return bars


def _of_phase(calls: list[Call], phase: str) -> list[Call]:
    return [call for call in calls if call.groups["phase"] in (phase, "none") and "negative_share" in call.values]


def _medians(calls: list[Call]) -> dict[str, float]:
    import statistics

    by_turns: dict[str, list[float]] = {}
    for call in calls:
        by_turns.setdefault(call.groups["turns"], []).append(call.values["negative_share"])
    return {turns: statistics.median(by_turns[turns]) for turns in sorted(by_turns, key=int)}


def _call_bars(calls: list[Call]) -> list[Bar]:
    bars = []
    sound = [call for call in calls if call.truth == HEALTHY]
    if sound:
        false = sum(call.called == FAULT for call in sound)
        bars.append(Bar("healthy records called faulty", f"{false} of {len(sound)}", "none", false == 0))
    severe = [call for call in calls if int(call.groups["turns"]) >= 30]
    if severe:
        right = sum(call.right is True for call in severe)
        bars.append(Bar("30 and 40 % shorted turns called", f"{right} of {len(severe)}", "all", right == len(severe)))
    return bars


def _range_bars(calls: list[Call]) -> list[Bar]:
    measured = [call for call in calls if "negative_share" in call.values]
    outside = []
    for call in measured:
        low, high = RANGES[call.groups["turns"]]
        if not low <= call.values["negative_share"] <= high:
            outside.append(call.record)
    shown = f"{len(measured) - len(outside)} of {len(measured)}" + (f" (not {', '.join(outside)})" if outside else "")
    name = "negative over positive sequence within the ranges stated with the data"
    return [Bar(name, shown, "all but one", len(outside) <= 1)]


def _ladder(calls: list[Call]) -> Table:
    phases = sorted({call.groups["phase"] for call in calls} - {"none"})
    columns = ("shorted turns [%]", *(f"phase {phase}" for phase in phases))
    all_turns = sorted({call.groups["turns"] for call in calls}, key=int)
    rows = []
    for turns in all_turns:
        cells = []
        for phase in phases:
            values = [c.values["negative_share"] for c in _of_phase(calls, phase) if c.groups["turns"] == turns]
            cells.append(" ".join(f"{100 * value:.1f}" for value in sorted(values)) or "-")
        rows.append((turns, *cells))
    return Table("negative over positive sequence [%], every record", columns, tuple(rows))


def _confusion(calls: list[Call]) -> Table:
    rows = []
    for turns in sorted({call.groups["turns"] for call in calls}, key=int):
        group = [call for call in calls if call.groups["turns"] == turns]
        counts = (sum(call.called == name for call in group) for name in (FAULT, HEALTHY, "unknown"))
        rows.append((turns, str(len(group)), *(str(count) for count in counts)))
    return Table("calls by severity", ("shorted turns [%]", "records", FAULT, HEALTHY, "unknown"), tuple(rows))


def _angles(calls: list[Call]) -> Table:
    """Where the excess points: a third of a turn from phase to phase if it is the winding's."""
    import cmath
    import math

    rows = []
    for phase in sorted({call.groups["phase"] for call in calls} - {"none"}):
        found = [
            cmath.rect(1.0, math.radians(call.values["excess_angle_deg"]))
            for call in calls
            if call.groups["phase"] == phase and call.called == FAULT and "excess_angle_deg" in call.values
        ]
        if found:
            mean = sum(found)
            spread = max(abs(math.degrees(cmath.phase(one / mean))) for one in found)
            rows.append((phase, f"{math.degrees(cmath.phase(mean)):.0f}", f"{spread:.0f}"))
    columns = ("phase", "mean angle [deg]", "largest deviation [deg]")
    return Table("angle of the negative sequence beyond healthy, relative to the positive one", columns, tuple(rows))
