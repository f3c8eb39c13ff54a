"""What the race-fault sets MFPT and HIT-SM share: all faults right, healthy records not called."""

from collections.abc import Sequence
from pathlib import Path

from hil.scoring import bearings
from hil.scoring.base import Bar, Call, Progress, Score
from hil.scoring.bearings import HEALTHY, Case
from hil.scoring.split import split_of


def score_races(
    dataset: str,
    listed: Sequence[Case],
    groups: dict[str, str],
    progress: Progress,
    workers: int,
) -> Score:
    """Judge the cases; `groups` names the keys to tabulate and their titles."""
    calls = bearings.judge_all(listed, _is_faulty, progress, workers)
    own = calls[bearings.DEFAULT_BANDS]
    bars: list[Bar] = []
    faulty = [call for call in own if _is_faulty(call)]
    if faulty:
        bars.append(bearings.share_bar("faults called right", faulty, 1.0))
    healthy = bearings.healthy_bar(own)
    if healthy:
        bars.append(healthy)
    bars.append(bearings.wrong_bar(own, 0.0))
    tables = [bearings.confusion(own), *(bearings.grouped(own, key, title) for key, title in groups.items())]
    more_bars, more_tables = bearings.compare_bands(calls, "faulty")
    bars += more_bars
    tables += more_tables
    return Score(dataset, tuple(own), tuple(bars), tuple(tables), split_of(dataset), bearings.extra_of(calls))


def race_of(text: str) -> str:
    """Fault name of a label such as inner_race, IR, Inner, outer, normal, baseline; "" where it is none."""
    plain = text.lower()
    if plain.startswith(("inner", "ir")):
        return "bearing_inner_race"
    if plain.startswith(("outer", "or")):
        return "bearing_outer_race"
    if plain.startswith(("normal", "baseline", "healthy", "nor")):
        return HEALTHY
    return ""


def _is_faulty(one: Case | Call) -> bool:
    return one.truth != HEALTHY


def listed_files(folder: Path) -> list[tuple[Path, dict[str, str]]]:
    """Give each record with its row of index.csv (empty where it has none)."""
    index = bearings.read_index(folder)
    return [(path, index.get(path.name, {})) for path in bearings.record_files(folder, index)]
