"""Run-to-failure lives: when an onset was told, how long before the end, and what alarmed for nothing."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hil.scoring.base import Call, Table

Floats = NDArray[np.float64]

ALARM_RULE = (
    "A false alarm is an alarm that was taken back (the features returned to within a quarter of the growth asked for,"
    " for as long as three times the persistence), however long it stood. The alarm that stands to the end is the"
    " onset, however early; its lead time counts from the reading that raised it, not from the estimated beginning."
)


@dataclass(frozen=True, slots=True)
class Life:
    """One machine's slow features from the first reading to the last.

    Parameters
    ----------
    name : what the tables call it
    features : as `twin.detect.onset.find_onset` takes them
    t_s : float64[n], time of each reading
    groups : as in `Call`
    """

    name: str
    features: dict[str, Floats] = field(repr=False)
    t_s: Floats = field(repr=False)
    groups: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """When the alarms of a life came [s from its first reading]; NaN for an onset that never came."""

    life: Life
    end_s: float
    onset_s: float
    began_s: float
    alarms_s: tuple[tuple[float, float], ...]
    """(raised, taken back) of the alarms that were retracted."""
    growth_db: float

    @property
    def lead_s(self) -> float:
        """From the alarm to the end of life."""
        return self.end_s - self.onset_s


def watch(life: Life) -> Told:
    """Run the onset detector over a life, reading after reading."""
    from twin.detect.onset import find_onset

    onset = find_onset(life.features)
    t = life.t_s - life.t_s[0]
    # readings of a machine at rest after its end belong to no life
    seen = np.flatnonzero(~np.isnan(onset.rise_db))
    end_s = float(t[seen[-1]]) if seen.size else float(t[-1])
    standing = onset.standing
    return Told(
        life=life,
        end_s=end_s,
        onset_s=float(t[standing.alarmed]) if standing else float("nan"),
        began_s=float(t[standing.began]) if standing else float("nan"),
        alarms_s=tuple(
            (float(t[episode.alarmed]), float(t[episode.retracted]))
            for episode in onset.retracted
            if episode.retracted is not None
        ),
        growth_db=onset.growth_db,
    )


def call_of(told: Told, truth: str, called: str, *, right: bool | None, note: str = "") -> Call:
    """Put a life into the form of every call."""
    values = {"life_s": told.end_s, "retracted_alarms": float(len(told.alarms_s)), "growth_db": told.growth_db}
    if np.isfinite(told.onset_s):
        values |= {"onset_s": told.onset_s, "lead_s": told.lead_s, "onset_share": told.onset_s / told.end_s}
    return Call(told.life.name, truth, called, right, groups=told.life.groups, values=values, note=note)


def lives_table(lives: list[Told], title: str) -> Table:
    """One row per life."""
    rows = []
    for told in lives:
        alarmed = np.isfinite(told.onset_s)
        rows.append(
            (
                told.life.name,
                span(told.end_s),
                span(told.onset_s) if alarmed else "–",
                f"{100 * told.onset_s / told.end_s:.0f} %" if alarmed else "–",
                span(told.lead_s) if alarmed else "–",
                ", ".join(f"{span(raised)} … {span(back)}" for raised, back in told.alarms_s) or "none",
            )
        )
    columns = ("life", "length", "onset told at", "share of life", "lead time", "alarms taken back")
    return Table(title, columns, tuple(rows))


def span(seconds: float) -> str:
    """Hours where there are any, else minutes."""
    return f"{seconds / 3600:.2f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"
