"""``plantbench check``: validate a rig and its scenarios without starting anything."""

from pathlib import Path
from typing import Annotated

import typer

from hil.cli.serve import RigName


def check(
    rig: RigName,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
    draw: Annotated[Path | None, typer.Option(help="write the rig's topology into this SVG file")] = None,
) -> None:
    """Validate RIG and its scenarios, list devices and points, and say what the twin can see."""
    from hil.checking import check_rig

    raise typer.Exit(check_rig(rig, json_lines=json_lines, draw=draw))
