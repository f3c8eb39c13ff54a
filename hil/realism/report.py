"""Comparisons shown: progress, tables, bars, how it was made, pictures if wanted."""

import importlib
import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table as RichTable
from rich.text import Text

from hil.scoring.base import DataError, Score, Table
from hil.scoring.report import print_json, print_markdown

SETS = ("cwru", "hit_sm", "motor_itsc", "skab", "hydraulic_uci")
FILE_WIDTH = 160


def known(names: list[str]) -> list[str]:
    """Give the sets asked for, all when none is.

    Raises
    ------
    DataError
        If there is no such set; the message offers the nearest.
    """
    import difflib

    plain = [name.lower().replace("-", "_") for name in names] or list(SETS)
    for name in plain:
        if name not in SETS:
            near = difflib.get_close_matches(name, SETS, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise DataError(f"unknown set {name!r}; {hint}Known: {', '.join(SETS)}")
    return plain


def folder_of(name: str, data: Path) -> Path:
    """Give the folder in `data` that has the set's name, or `data` itself when it has that name.

    Raises
    ------
    DataError
        If there is none.
    """
    for folder in (data / name, data):
        if folder.is_dir() and folder.name == name:
            return folder
    raise DataError(f"--data {data}: holds no folder {name}; give the folder that holds the recorded sets")


def compare(name: str, data: Path, units: int, workers: int, console: Console) -> Score:
    """Compare one set, showing progress on `console`."""
    folder = folder_of(name, data)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"comparing {name}", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        score = importlib.import_module(f"hil.realism.{name}").compare(folder, tell, units, workers)
    if not isinstance(score, Score):
        raise TypeError(f"hil.realism.{name}.compare returned {type(score).__name__}, not a Score")
    return score


def compare_and_show(
    names: list[str], data: Path, *, units: int, workers: int, markdown: bool, json_lines: bool, figures: Path | None
) -> bool:
    """Compare sets and print them; whether every bar is met."""
    progress_console = Console(stderr=True)
    console = Console(stderr=json_lines or markdown, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = FILE_WIDTH
    met = True
    for name in known(names):
        score = compare(name, data, units, workers, progress_console)
        if json_lines:
            print_json(score)
        if markdown:
            print(f"## {name}\n\n{score.split}\n")
            print_markdown(score)
        show(score, console)
        if figures is not None:
            from hil.realism.pictures import draw

            figures.mkdir(parents=True, exist_ok=True)
            (figures / f"realism_{name}.svg").write_text(draw(score), encoding="utf-8")
        met = met and all(bar.met for bar in score.bars)
    return met


def show(score: Score, console: Console) -> None:
    """Print everything for a person."""
    console.print(Text(score.dataset, style="bold"))
    for table in score.tables:
        console.print()
        console.print(Text(table.title, style="bold"))
        console.print(_drawn(table))
    console.print()
    bars = RichTable("", "bar", "found", "limit", box=None, pad_edge=False, header_style="dim")
    for bar in score.bars:
        mark = "[green]met[/]" if bar.met else "[bold red]not met[/]"
        bars.add_row(mark, Text(bar.name), Text(bar.shown), Text(bar.limit))
    console.print(bars)
    console.print()
    console.print(Text(f"How. {score.split}", style="dim"))
    console.print()


def _drawn(table: Table) -> RichTable:
    drawn = RichTable(*(escape(name) for name in table.columns), box=None, pad_edge=False, header_style="dim")
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return drawn
