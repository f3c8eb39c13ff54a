"""Scoring shown: progress while it works, then calls, tables, bars and what to do next."""

import difflib
import importlib
import inspect
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable
from rich.text import Text

from hil.console import warm_up_twin
from hil.scoring.base import Call, DataError, Score, Table
from hil.scoring.bearings import HEALTHY, short_name

DATASETS = ("cwru", "mfpt", "hit_sm", "femto", "ims", "gearbox_gfd", "motor_itsc")
FILE_WIDTH = 160


def score_and_show(dataset: str, data: Path, *, workers: int, markdown: bool, json_lines: bool) -> bool:
    """Judge a data set and print it; whether every bar is met.

    Raises
    ------
    DataError
        If the data set is unknown, or the folder does not hold it.
    """
    progress_console = Console(stderr=True)
    result = judge(dataset, data, workers, progress_console)
    if json_lines:
        print_json(result)
    if markdown:
        print_markdown(result)
    show(result, _console(stderr=json_lines or markdown))
    return all(bar.met for bar in result.bars)


def _console(*, stderr: bool) -> Console:
    """Give the console for people; where it is no terminal and nothing says how wide, wide enough for a line a row."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = FILE_WIDTH
    return console


def judge(dataset: str, data: Path, workers: int, console: Console) -> Score:
    """Judge a data set, showing progress on `console`."""
    name = known(dataset)
    folder = folder_of(name, data)
    scorer = importlib.import_module(f"hil.scoring.{name}").score
    more = {"workers": workers} if "workers" in inspect.signature(scorer).parameters else {}
    warm_up_twin(console)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"judging {name}", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        result = scorer(folder, tell, **more)
    if not isinstance(result, Score):
        raise TypeError(f"hil.scoring.{name}.score returned {type(result).__name__}, not a Score")
    return result


def known(dataset: str) -> str:
    """Give the data set's name as the package spells it.

    Raises
    ------
    DataError
        If there is no such data set; the message offers the nearest.
    """
    plain = dataset.lower().replace("-", "_")
    if plain in DATASETS:
        return plain
    near = difflib.get_close_matches(plain, DATASETS, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise DataError(f"unknown data set {dataset!r}; {hint}Known: {', '.join(DATASETS)}")


def folder_of(name: str, data: Path) -> Path:
    """Give the folder of the records: `data` itself, or the folder in it that has the data set's name."""
    if not data.exists():
        raise DataError(
            f"--data {data}: no such folder; give the folder of the {name} records, or the one that holds it"
        )
    if not data.is_dir():
        raise DataError(f"--data {data}: is a file; give the folder of the {name} records")
    inside = data / name
    return inside if inside.is_dir() else data


def print_json(result: Score) -> None:
    """Print lines `call`, `table`, `bar`, then `score`."""
    for call in result.calls:
        _line("call", {"dataset": result.dataset} | asdict(call))
    for table in result.tables:
        _line("table", asdict(table))
    for bar in result.bars:
        _line("bar", asdict(bar))
    met = sum(bar.met for bar in result.bars)
    _line(
        "score",
        {
            "dataset": result.dataset,
            "records": len(result.calls),
            "bars": len(result.bars),
            "bars_met": met,
            "met": met == len(result.bars),
            "split": result.split,
            "extra": result.extra,
        },
    )


def _line(event: str, content: dict[str, Any]) -> None:
    print(json.dumps({"event": event} | content, allow_nan=False, default=str), flush=True)


def print_markdown(result: Score) -> None:
    """Print bars and tables for a page."""
    bars = Table("", ("bar", "found", "limit", "met"), tuple(_bar_rows(result)))
    for table in (bars, *result.tables):
        if table.title:
            print(f"{table.title[:1].upper()}{table.title[1:]}:\n")
        print(f"| {' | '.join(table.columns)} |")
        print(f"|{'---|' * len(table.columns)}")
        for row in table.rows:
            print(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |")
        print()


def _bar_rows(result: Score) -> list[tuple[str, str, str, str]]:
    return [(bar.name, bar.shown, bar.limit, "yes" if bar.met else "**no**") for bar in result.bars]


def show(result: Score, console: Console) -> None:
    """Print everything for a person."""
    calls = RichTable("record", "truth", "called", "confidence", "", "note", box=None, pad_edge=False)
    for call in result.calls:
        confidence = "" if call.confidence is None else f"{call.confidence:.2f}"
        calls.add_row(
            Text(call.record),
            Text(short_name(call.truth)),
            Text(short_name(call.called)),
            confidence,
            _mark(call),
            Text(call.note),
        )
    console.print(calls)
    for table in result.tables:
        console.print()
        console.print(Text(table.title, style="bold"))
        drawn = RichTable(*(escape(name) for name in table.columns), box=None, pad_edge=False, header_style="dim")
        for row in table.rows:
            drawn.add_row(*map(Text, row))
        console.print(drawn)
    console.print()
    console.print(Text("bars", style="bold"))
    bars = RichTable("", "bar", "found", "limit", box=None, pad_edge=False, header_style="dim")
    for bar in result.bars:
        mark = "[green]met[/]" if bar.met else "[bold red]not met[/]"
        bars.add_row(mark, Text(bar.name), Text(bar.shown), Text(bar.limit))
    console.print(bars)
    console.print()
    if result.split:
        console.print(Text(f"Split. {result.split}", style="dim"))
    console.print(_next(result))


def _mark(call: Call) -> Text:
    if call.right is None:
        return Text("–", style="yellow")
    if call.right:
        return Text("right", style="green")
    return Text(
        "missed" if call.called == HEALTHY else "wrong", style="yellow" if call.called == HEALTHY else "bold red"
    )


def _next(result: Score) -> Text:
    missed = [bar for bar in result.bars if not bar.met]
    if not result.bars:
        return Text(f"No bar applies to these {len(result.calls)} records: nothing in them has a known demand.")
    if not missed:
        return Text(
            f"All {len(result.bars)} bars met on {len(result.calls)} records."
            f" Next: plantbench score {result.dataset} --data DIR --json keeps every call for comparison."
        )
    return Text(
        f"{len(missed)} of {len(result.bars)} bars not met: {'; '.join(bar.name for bar in missed)}."
        " Next: plantbench analyze FILE --bearing NAME --json shows the evidence of a single record."
    )
