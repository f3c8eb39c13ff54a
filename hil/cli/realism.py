"""``plantbench realism``: hold what the plant makes against recordings that nobody here made."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

USAGE_ERROR = 2


def realism(
    data: Annotated[Path, typer.Option(help="Folder that holds the recorded sets by their names.")],
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SET]...", help="cwru, hit_sm, motor_itsc, skab, hydraulic_uci; all when none is given."
        ),
    ] = None,
    units: Annotated[
        int, typer.Option(min=1, help="Synthetic units a fault and size, each with a structure of its own.")
    ] = 8,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes to make and measure records with; the output does not depend on it.")
    ] = min(2, os.cpu_count() or 1),
    figures: Annotated[Path | None, typer.Option(help="Folder for a picture (SVG) of each set.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print bars and tables as Markdown on stdout.")] = False,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Compare the plant with recorded sets: ranges, signs, a classifier across; a missed bar gives exit code 1."""
    from hil.realism.report import compare_and_show
    from hil.scoring.base import DataError

    if markdown and json_lines:
        print("plantbench realism: --markdown and --json both want stdout; give one of them", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR)
    try:
        met = compare_and_show(
            sets or [],
            data,
            units=units,
            workers=workers,
            markdown=markdown,
            json_lines=json_lines,
            figures=figures,
        )
    except (DataError, OSError, ValueError) as problem:
        print(f"plantbench realism: {problem}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from None
    raise typer.Exit(0 if met else 1)
