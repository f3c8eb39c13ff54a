"""What a scored data set is: a call per record, bars that must be met, tables to print."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Progress = Callable[[int, int], None]
"""Told (records done, records in all)."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was said of one record, beside what is known of it.

    Parameters
    ----------
    record : file or record name
    truth : fault name, "healthy", or a word of the data set where neither fits
    called : fault name, "healthy", or "unknown" (abstained)
    right : whether the call was right; None where abstaining, or where the truth cannot be told
    confidence : 0 … 1 of the call, None where there is none
    groups : what the record is grouped by in tables, such as {"size": "7", "load": "0", "location": "6"}
    values : plain numbers worth printing or keeping
    note : anything a reader must know about this record, such as a data-quality flag
    """

    record: str
    truth: str
    called: str
    right: bool | None
    confidence: float | None = None
    groups: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One demand on the data set, declared with its limit and met or not."""

    name: str
    shown: str
    limit: str
    met: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to print below a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A data set, judged. `split` says in words which records constants were set on and which are reported."""

    dataset: str
    calls: tuple[Call, ...]
    bars: tuple[Bar, ...]
    tables: tuple[Table, ...] = ()
    split: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class DataError(ValueError):
    """The folder does not hold the data set; the message says what is missing and what would do."""


Scorer = Callable[[Path, Progress], Score]
"""Each data set has a file `hil/scoring/<name>.py` with `score(folder, progress)`; folder holds its records."""
