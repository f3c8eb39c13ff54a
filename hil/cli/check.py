"""``plantbench check``: validate a rig and its scenarios without starting anything."""

from typing import Annotated

import typer

from hil.cli.serve import RigName


def check(
    rig: RigName,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Validate RIG and its scenarios, list devices and points, and say what the twin can see."""
    from hil.checking import check_rig

    raise typer.Exit(check_rig(rig, json_lines=json_lines))
