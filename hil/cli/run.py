"""``plantbench run``: run scenarios on a rig and judge the twin."""

from pathlib import Path
from typing import Annotated

import typer

from hil.cli.serve import RigName


def run(
    rig: RigName,
    scenario: Annotated[list[str] | None, typer.Option(help="run only this one; may be given several times")] = None,
    clock: Annotated[str, typer.Option(help="lockstep, wall or xN (N times real time)")] = "lockstep",
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 1,
    binding: Annotated[Path | None, typer.Option(help="YAML file that says which devices are real, and where")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for record, report and capture; default runs/RIG")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Run RIG's scenarios over real sockets, judge the twin against the hidden truth, and write a report.

    Exit code: 0 pass, 1 fail, 2 usage or file error, 3 inconclusive, 4 the bench itself broke.
    """
    from hil.running import run_rig

    code = run_rig(rig, tuple(scenario or ()), clock, seed, binding, out, json_lines=json_lines)
    raise typer.Exit(code)
