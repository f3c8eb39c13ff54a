"""``plantbench plot``: draw a signal of a rig, healthy and with a fault, so that its realism can be judged."""

from pathlib import Path
from typing import Annotated

import typer

from hil.cli.serve import RigName


def plot(
    rig: RigName,
    signal: Annotated[
        list[str] | None, typer.Option(help="a point, or a true signal of the plant; may be given several times")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="KIND:ON[:SEVERITY]", help="drawn over the healthy run")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600.0, help="length of what is drawn")] = 4.0,
    settle: Annotated[float, typer.Option(min=0.0, max=86400.0, help="plant time before that")] = 2.0,
    rate: Annotated[float, typer.Option(min=10.0, max=1e6, help="samples a second of a true waveform")] = 25_600.0,
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 1,
    out: Annotated[Path, typer.Option(help="the SVG file to write")] = Path("plot.svg"),
) -> None:
    """Draw time, spectrum and envelope of signals of RIG; without --signal list what can be drawn."""
    from hil.plotting import plot_signals

    raise typer.Exit(plot_signals(rig, signal or [], fault or [], seconds, settle, rate, seed, out))
