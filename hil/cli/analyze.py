"""`plantbench analyze`: the twin's signal processing on one recorded waveform."""

import sys
from pathlib import Path
from typing import Annotated

import typer

USAGE_ERROR = 2


def analyze(
    file: Annotated[Path, typer.Argument(help="Recorded waveform: npz, mat, wav or csv.")],
    bearing: Annotated[
        str | None, typer.Option(help="Bearing name, or n,d,D,angle (any length unit, degrees).")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Sample rate [Hz]; the file's own when it has one.")] = None,
    speed: Annotated[float | None, typer.Option(help="Shaft speed in rpm; the file's own when it has one.")] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(help="Channel of the file, again or with commas for several; the first one if not given."),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the samples, m/s2 or g: adds velocity and imbalance.")
    ] = None,
    poles: Annotated[
        int | None, typer.Option(help="Number of poles: the channels are motor currents, one or three phases.")
    ] = None,
    supply_hz: Annotated[
        float | None, typer.Option(help="Supply frequency of the motor [Hz]; the strongest line if not given.")
    ] = None,
    bars: Annotated[int | None, typer.Option(help="Rotor bars of the motor, where known.")] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option(help="Healthy record of the same point, with the same channels; again for several."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")] = False,
) -> None:
    """Judge a recorded waveform: bearing faults and imbalance, or a motor by its current, with evidence."""
    from hil.analyzing import Request, analyze_and_show

    request = Request(
        file=file,
        bearing=bearing,
        rate_hz=rate,
        speed_rpm=speed,
        channels=tuple(name for given in channel or () for name in given.split(",") if name),
        unit=unit,
        poles=poles,
        supply_hz=supply_hz,
        bars=bars,
        references=tuple(reference or ()),
    )
    try:
        analyze_and_show(request, as_json=as_json)
    except ValueError as problem:
        print(f"plantbench analyze: {problem}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from None
