"""CWRU bearing data: seeded faults in a drive-end 6205 and a fan-end 6203, seen by an accelerometer at each end.

Judged is the channel at the faulty end; a normal record is judged at both. Diagnosability classes are those of
Smith and Randall, Mech. Syst. Signal Process. 64-65 (2015), for the drive-end channel at 12 kHz: Y1 clear, Y2
clear but not classic, P1/P2 partly, N1/N2 not.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hil.scoring import bearings
from hil.scoring.base import Bar, Call, DataError, Progress, Score, Table
from hil.scoring.bearings import HEALTHY, Case, number
from hil.scoring.split import split_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FAULTS = {
    "B": "bearing_ball",
    "IR": "bearing_inner_race",
    "OR": "bearing_outer_race",
    "normal": HEALTHY,
}
BEARING_AT = {"DE": "6205", "FE": "6203"}
NOMINAL_RPM = {"0": 1797.0, "1": 1772.0, "2": 1750.0, "3": 1730.0}
SPEED_DOUBT = 0.015
"""A stored speed further than this from the load's is not believed: loads differ by 1.2 … 1.4 %, slip by 0.7 %."""
KURTOSIS = {(209, 212): (7.45, 8.35), (169, 172): (18.2, 22.1), (258, 261): (33.1, 35.0)}
"""Published ranges of the drive-end kurtosis (Smith and Randall 2015, as the data set's README quotes them)."""
DAMAGED = {
    "duplicated": {"189", "201", "213", "226", "238"},
    "clipped": {"236", "237"},
    "burst": {"283"},
}
"""Records with a known fault of their own acquisition."""
NAME = re.compile(
    r"(?P<khz>\d+)k_(?:(?P<end>DE|FE)_)?(?P<fault>IR|OR|B|normal)(?P<size>\d*)(?:at(?P<clock>\d+))?"
    r"_load(?P<load>\d)_(?P<record>\d+)(?P<part>\w*)",
    re.IGNORECASE,
)


def score(folder: Path, progress: Progress, workers: int = 1) -> Score:
    """Judge the records of `folder` (npz files beside an optional index.csv)."""
    listed = cases(folder)
    calls = bearings.judge_all(listed, _is_clear, progress, workers)
    own = calls[bearings.DEFAULT_BANDS]
    bars = _class_bars(own)
    bars.append(bearings.wrong_bar(own, 0.03))
    bars += [bar for bar in (bearings.healthy_bar(own), _kurtosis_bar(own), _order_bar(own), *_flag_bars(own)) if bar]
    tables = [
        bearings.confusion(own),
        bearings.grouped(own, "class", "by class of Smith and Randall (12 kHz, drive end)"),
        bearings.grouped(own, "size", "by size of the fault [mil]"),
        bearings.grouped(own, "load", "by load [hp]"),
        bearings.grouped(own, "location", "by location"),
        bearings.grouped(own, "series", "by sampling rate and faulty end"),
        *([_kurtosis_table(own)] if _kurtosis_rows(own) else []),
    ]
    more_bars, more_tables = bearings.compare_bands(calls, "Y1/Y2")
    bars += more_bars
    tables += more_tables
    return Score("cwru", tuple(own), tuple(bars), tuple(tables), split_of("cwru"), bearings.extra_of(calls))


def cases(folder: Path) -> list[Case]:
    """List what there is to judge; what index.csv does not tell is read from file names.

    Raises
    ------
    DataError
        If nothing tells what a record is of.
    """
    index = bearings.read_index(folder)
    found: list[Case] = []
    for path in bearings.record_files(folder, index):
        found += _cases_of(path, index.get(path.name, {}))
    return found


def _cases_of(path: Path, row: "Mapping[str, str]") -> list[Case]:
    matched = NAME.match(path.stem)
    named = {key: value or "" for key, value in matched.groupdict().items()} if matched else {}
    fault = row.get("fault") or named.get("fault", "")
    fault = next((known for known in FAULTS if known.lower() == fault.lower()), "")
    if not fault:
        raise DataError(
            f"{path}: neither index.csv nor its name tells the fault; list it there with file,fault,fault_end,"
            "load_hp, or name it like 12k_DE_OR007at6_load0_130.npz"
        )
    end = (row.get("fault_end") or named.get("end", "")).upper()
    record = row.get("record") or named.get("record", "") or path.stem
    load = row.get("load_hp") or named.get("load", "")
    clock = row.get("clock") or named.get("clock", "")
    size = number(row.get("size_mil") or named.get("size"))
    speed_rpm, doubt = _speed(path, row, load)
    note = "; ".join(part for part in (row.get("note", ""), doubt) if part)
    khz = f"{(number(row.get('fs')) or 1e3 * float(named.get('khz') or 'nan')) / 1e3:g}k"
    ends = [end] if end in BEARING_AT else ["DE", "FE"]
    return [
        Case(
            record=record if fault != "normal" else f"{record} {at}",
            path=path,
            channel=at,
            bearing=BEARING_AT[at],
            truth=FAULTS[fault],
            speed_hz=None if speed_rpm is None else speed_rpm / 60.0,
            groups={
                "class": row.get("sr2015_de", ""),
                "size": "" if fault == "normal" or size is None else f"{size:g}",
                "load": load,
                "location": " ".join(part for part in (at, fault, f"at {clock}" if clock else "") if part),
                "series": f"{khz} {at}" + (" normal" if fault == "normal" else ""),
                "number": record,
            },
            note=note,
        )
        for at in ends
    ]


def _speed(path: Path, row: "Mapping[str, str]", load: str) -> tuple[float | None, str]:
    """Choose the speed: the stored one, unless it contradicts the load; then, or without one, that of the load."""
    from twin.dsp.recordings import load_recording

    stored = number(row.get("rpm_file"))
    if stored is None:
        known = load_recording(path).speed_hz
        stored = None if known is None else 60.0 * known
    nominal = number(row.get("rpm_nominal")) or NOMINAL_RPM.get(load)
    if stored is None or nominal is None:
        return stored or nominal, ""
    if abs(stored / nominal - 1.0) > SPEED_DOUBT:
        return nominal, f"stored speed {stored:g} rpm contradicts load {load}: {nominal:g} rpm used"
    return stored, ""


def _is_clear(case: Case) -> bool:
    return case.groups.get("class") in ("Y1", "Y2")


def _class_bars(calls: Sequence[Call]) -> list[Bar]:
    bars = []
    for name, least in (("Y1", 1.0), ("Y2", 0.94)):
        members = [call for call in calls if call.groups.get("class") == name]
        if members:
            bars.append(bearings.share_bar(f"class {name} called right", members, least))
    return bars


def _kurtosis_rows(calls: Sequence[Call]) -> list[tuple[Call, float, float]]:
    """List the calls with a published range of kurtosis: (call, lowest, highest)."""
    rows = []
    for call in calls:
        record = call.groups.get("number", "")
        if not record.isdigit() or "kurtosis" not in call.values or call.groups.get("series") != "12k DE":
            continue
        rows += [(call, *limits) for (first, last), limits in KURTOSIS.items() if first <= int(record) <= last]
    return rows


def _kurtosis_bar(calls: Sequence[Call]) -> Bar | None:
    rows = _kurtosis_rows(calls)
    if not rows:
        return None
    off = [
        max(low / call.values["kurtosis"] - 1.0, call.values["kurtosis"] / high - 1.0, 0.0) for call, low, high in rows
    ]
    return Bar(
        "kurtosis as published",
        f"{len(rows)} records, at most {100 * max(off):.2f} % outside the published range",
        "within 0.5 %",
        max(off) <= 0.005,
    )


def _kurtosis_table(calls: Sequence[Call]) -> Table:
    rows = [
        (call.record, f"{call.values['kurtosis']:.2f}", f"{low:g} … {high:g}")
        for call, low, high in _kurtosis_rows(calls)
    ]
    return Table("kurtosis of the drive-end channel", ("record", "measured", "published"), tuple(rows))


def _order_bar(calls: Sequence[Call]) -> Bar | None:
    """Lines of the clearest records against the geometry."""
    members = [call for call in calls if call.groups.get("class") == "Y1" and "order_error_percent" in call.values]
    if not members:
        return None
    worst = max(members, key=lambda call: abs(call.values["order_error_percent"]))
    return Bar(
        "line orders of class Y1 against the geometry",
        f"{len(members)} records, at most {abs(worst.values['order_error_percent']):.2f} % off ({worst.record})",
        "within 1 %",
        abs(worst.values["order_error_percent"]) <= 1.0,
    )


def _flag_bars(calls: Sequence[Call]) -> list[Bar]:
    """Every record known to be damaged says so."""
    bars = []
    for flag, records in DAMAGED.items():
        members = [call for call in calls if call.groups.get("number") in records]
        if not members:
            continue
        silent = [call.record for call in members if not any(flag in word for word in call.groups["flags"].split())]
        bars.append(
            Bar(
                f"{flag} records flagged",
                f"{len(members) - len(silent)} of {len(members)}" + (f"; not: {', '.join(silent)}" if silent else ""),
                "all",
                not silent,
            )
        )
    return bars
