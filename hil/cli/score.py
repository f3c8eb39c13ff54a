"""``plantbench score``: judge a recorded data set whose truth is known, and hold the calls against the bars."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

USAGE_ERROR = 2


def score(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="cwru, mfpt, hit_sm, femto, ims, gearbox_gfd or motor_itsc.")
    ],
    data: Annotated[Path, typer.Option(help="Folder of the data set's records, or the folder that holds it.")],
    workers: Annotated[
        int, typer.Option(min=1, help="Processes to judge records with; the output does not depend on it.")
    ] = min(2, os.cpu_count() or 1),
    markdown: Annotated[bool, typer.Option("--markdown", help="Print bars and tables as Markdown on stdout.")] = False,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Judge the records of DATASET: a call per record, tables, and the bars they meet or miss (exit code 1)."""
    from hil.scoring.base import DataError
    from hil.scoring.report import score_and_show

    if markdown and json_lines:
        print("plantbench score: --markdown and --json both want stdout; give one of them", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR)
    try:
        met = score_and_show(dataset, data, workers=workers, markdown=markdown, json_lines=json_lines)
    except (DataError, OSError, ValueError) as problem:
        print(f"plantbench score: {problem}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from None
    raise typer.Exit(0 if met else 1)
