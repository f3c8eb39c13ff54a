"""``plantbench twin``: the twin alone, in a process of its own that knows neither plant nor bench."""

from pathlib import Path
from typing import Annotated

import typer

RigName = Annotated[str, typer.Argument(metavar="RIG", help="A rig file, a folder with one, or a shipped rig's name.")]


def twin(
    rig: RigName,
    endpoints: Annotated[
        Path | None, typer.Option(metavar="FILE", help="where the devices are: what serve --json printed")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="port of the API; 0 takes a free one")] = 0,
    clock: Annotated[str, typer.Option(help="wall, or lockstep (stepped over the API)")] = "wall",
    history: Annotated[
        Path | None, typer.Option(metavar="FILE", help="DuckDB file that keeps what was received")
    ] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="machine-readable lines on stdout")] = False,
) -> None:
    """Run the digital twin of a rig against emulated or real devices, until Ctrl-C."""
    import os
    import sys

    from hil.sut import TWIN, search_path

    command = [*TWIN, rig, "--port", str(port), "--clock", clock]
    if endpoints is not None:
        command += ["--endpoints", str(endpoints)]
    if history is not None:
        command += ["--history", str(history)]
    if json_lines:
        command.append("--json")
    # This process is replaced: signals reach the twin itself, and nothing of the bench is left in its memory.
    os.execve(sys.executable, command, os.environ | {"PYTHONPATH": search_path()})  # noqa: S606 - no shell
