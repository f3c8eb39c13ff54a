"""``plantbench export-fmu``: write an asset of a rig as a functional mock-up unit."""

from pathlib import Path
from typing import Annotated

import typer

from hil.cli.serve import RigName


def export_fmu(
    rig: RigName,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="id of the asset")],
    out: Annotated[Path | None, typer.Option(help="the file to write; ASSET.fmu if not given")] = None,
    fmi: Annotated[int, typer.Option(min=2, max=3, help="version of the standard, 2 or 3")] = 2,
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 1,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Write ASSET of RIG as an FMU for co-simulation (extra fmi)."""
    from hil.exporting import export_fmu as write

    raise typer.Exit(write(rig, asset, out or Path(f"{asset}.fmu"), fmi, seed, json_lines=json_lines))
