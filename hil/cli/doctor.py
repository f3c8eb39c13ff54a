"""``plantbench doctor``: say whether this machine can judge."""

from typing import Annotated

import typer


def doctor(
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Measure timers, ports, serial lines, cores and caches, and say whether verdicts from this machine hold."""
    from hil.doctoring import examine

    raise typer.Exit(examine(json_lines=json_lines))
