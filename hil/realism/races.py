"""What the bearing sets share: units made and measured, ranges side by side, a classifier across."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from hil.realism.classifier import Logistic, wilson
from hil.realism.features import SHOWN, Seen, features, inside, vector, window_range
from hil.realism.stand import Stand, record
from hil.scoring.base import Bar, Progress, Table
from twin.dsp.bearing import parse_bearing
from twin.dsp.recordings import load_recording

T = TypeVar("T")
OUTER, INNER, BALL, HEALTHY = "bearing_outer_race", "bearing_inner_race", "bearing_ball", "healthy"
OWN_LINE = {OUTER: "BPFO dB", INNER: "BPFI dB", BALL: "2BSF dB"}
LEAST = 0.9
VISIBLE_DB = 7.5
"""Something stands out when any family's lines do by this much, whichever it is (as in `twin.dsp.evidence`)."""
LEAST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """One synthetic record wanted."""

    stand: Stand
    bearing: str
    seed: int
    speed_hz: float
    truth: str
    width_mm: float = 0.0
    angle_rad: float = 0.0
    size: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording to measure."""

    record: str
    path: str
    channel: str | None
    bearing: str
    truth: str
    speed_hz: float
    size: str = ""


def made(order: Order) -> Seen:
    """Make a synthetic record and measure it."""
    fault = "" if order.truth == HEALTHY else order.truth
    x = record(order.stand, order.seed, order.speed_hz, fault, order.width_mm, order.angle_rad)
    values = features(x, order.stand.rate_hz, order.speed_hz, parse_bearing(order.bearing))
    return Seen(f"unit {order.seed}", order.truth, values, order.size)


def measured(one: Recorded) -> Seen:
    """Measure a recording."""
    from pathlib import Path

    recording = load_recording(Path(one.path))
    _, x = recording.channel(one.channel)
    rate_hz = recording.rate_hz
    if rate_hz is None:
        raise ValueError(f"{one.path}: no sample rate in the file (key fs)")
    return Seen(one.record, one.truth, features(x, rate_hz, one.speed_hz, parse_bearing(one.bearing)), one.size)


def every(work: Callable[[T], Seen], items: Sequence[T], workers: int, tell: Callable[[], None]) -> list[Seen]:
    """Do `work` for all items in order; the result does not depend on `workers`."""
    if workers == 1:
        return [_told(work(item), tell) for item in items]
    import multiprocessing

    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [_told(seen, tell) for seen in pool.map(work, items, chunksize=4)]


def _told(seen: Seen, tell: Callable[[], None]) -> Seen:
    tell()
    return seen


def counter(progress: Progress, total: int) -> Callable[[], None]:
    """Give a function that counts to `total` on the progress display."""
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    return tell


def of(seen: Iterable[Seen], truth: str) -> list[Seen]:
    """Keep those of one truth."""
    return [one for one in seen if one.truth == truth]


def ranges(recorded: Sequence[Seen], synthetic: Sequence[Seen], truths: Sequence[str]) -> tuple[Table, list[Bar]]:
    """Set the 5, 50 and 95 % points side by side; a bar for kurtosis and own line of each race fault."""
    rows, bars = [], []
    for truth in truths:
        real, own = of(recorded, truth), of(synthetic, truth)
        if not real or not own:
            continue
        for name in SHOWN:
            a, b = [one.values[name] for one in real], [one.values[name] for one in own]
            share, back = inside(a, b), inside(b, a)
            rows.append((short(truth), name, _points(a), _points(b), f"{100 * share:.0f} %", f"{100 * back:.0f} %"))
            if truth in (OUTER, INNER) and name in ("kurtosis", OWN_LINE[truth]):
                shown = f"{100 * share:.0f} % of {len(real)}"
                limit = f"at least {100 * LEAST_OVERLAP:.0f} %"
                title = f"{short(truth)}: recordings whose {name} lies in the synthetic 5 … 95 % range"
                bars.append(Bar(title, shown, limit, share >= LEAST_OVERLAP))
    columns = (
        "fault", "feature", "recorded 5 / 50 / 95 %", "synthetic 5 / 50 / 95 %",
        "recordings in the synthetic range", "synthetic in the recorded range",
    )  # fmt: skip
    return Table("ranges of features", columns, tuple(rows)), bars


def _points(values: list[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in window_range(values))


def short(truth: str) -> str:
    """Give a fault's name as tables show it."""
    return truth.removeprefix("bearing_").replace("_", " ")


def visible(seen: Sequence[Seen]) -> list[Seen]:
    """Keep those in which some family stands out, right or wrong."""
    lines = tuple(OWN_LINE.values())
    return [one for one in seen if max(one.values[name] for name in lines) >= VISIBLE_DB]


@dataclass(frozen=True, slots=True)
class Crossed:
    """A classifier fitted on one set and tried on another: confusion [truth][called] of outer and inner, and errors."""

    name: str
    confusion: tuple[tuple[int, int], tuple[int, int]]
    wrong: tuple[str, ...]

    @property
    def count(self) -> int:
        """Records tried."""
        return sum(map(sum, self.confusion))

    @property
    def right(self) -> int:
        """Records called right."""
        return self.confusion[0][0] + self.confusion[1][1]


def cross(name: str, fit_on: Sequence[Seen], try_on: Sequence[Seen]) -> Crossed:
    """Fit outer against inner race on one set, try it on another; records in which nothing stands out teach nothing."""
    fit_on = visible(of(fit_on, OUTER) + of(fit_on, INNER))
    try_on = of(try_on, OUTER) + of(try_on, INNER)
    x = np.stack([vector(one.values) for one in fit_on])
    model = Logistic.fit(x, np.array([one.truth == INNER for one in fit_on]))
    called = model.probability(np.stack([vector(one.values) for one in try_on])) > 0.5
    cells = [[0, 0], [0, 0]]
    wrong = []
    for one, inner in zip(try_on, called.tolist(), strict=True):
        cells[int(one.truth == INNER)][int(inner)] += 1
        if (one.truth == INNER) != inner:
            wrong.append(one.record)
    confusion = (cells[0][0], cells[0][1]), (cells[1][0], cells[1][1])
    return Crossed(name, confusion, tuple(wrong))


def crossed_table(results: Sequence[Crossed]) -> Table:
    """Show accuracies with 95 % intervals and the confusion."""
    rows = []
    for one in results:
        low, high = wilson(one.right, one.count)
        (oo, oi), (io, ii) = one.confusion
        share = f"{100 * one.right / one.count:.1f} %"
        cells = f"{100 * low:.0f} … {100 * high:.0f} %", str(oo), str(oi), str(ii), str(io)
        wrong = ", ".join(one.wrong[:6]) + (" …" if len(one.wrong) > 6 else "") or "none"
        rows.append((one.name, f"{one.right} of {one.count}", share, *cells, wrong))
    columns = (
        "fitted on → tried on", "right", "share", "95 % interval (Wilson)", "outer called outer", "outer called inner",
        "inner called inner", "inner called outer", "wrong",
    )  # fmt: skip
    return Table("outer against inner race", columns, tuple(rows))


def crossed_bar(one: Crossed) -> Bar:
    """Demand the share."""
    share = one.right / one.count
    return Bar(
        one.name, f"{one.right} of {one.count}, {100 * share:.1f} %", f"at least {100 * LEAST:.0f} %", share >= LEAST
    )


def kept(recorded: Sequence[Seen], synthetic: Sequence[Seen]) -> dict[str, object]:
    """Give all that was measured, for pictures and for whoever wants it."""
    return {
        side: [{"record": one.record, "truth": one.truth, "size": one.size} | one.values for one in seen]
        for side, seen in (("recorded", recorded), ("synthetic", synthetic))
    }
