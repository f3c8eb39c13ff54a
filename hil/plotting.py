"""Draw signals of a rig, healthy and faulty."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from rigs.document import Place, Problem, RigError
from rigs.load import load_rig
from rigs.schema import FaultSpec, Rig

if TYPE_CHECKING:
    from pathlib import Path


def plot_signals(
    name: str,
    signals: list[str],
    faults: list[str],
    seconds: float,
    settle: float,
    rate: float,
    seed: int,
    out: Path,
) -> int:
    """Write the picture; without signals print what could be drawn. Returns the exit code.

    Raises
    ------
    RigError
        The rig is wrong, a signal or fault does not exist, or the file cannot be written.

    """
    from hil.pictures.fingerprint import Request, fingerprint

    rig = load_rig(name)
    console = Console(stderr=True)
    if not signals:
        _list(rig)
        console.print(f"Next: plantbench plot {escape(name)} --signal NAME --fault KIND:ON")
        return 0
    try:
        specs = tuple(_fault(text) for text in faults)
        request = Request(tuple(signals), specs, settle, seconds, rate, seed)
        with console.status("the plant starts") as status:
            picture, told = fingerprint(rig, request, lambda text: status.update(f"running: {escape(text)}"))
    except ValueError as problem:
        raise RigError(Problem(Place(name), str(problem))) from None
    try:
        out.write_text(picture, encoding="utf-8")
    except OSError as problem:
        text = f"cannot be written: {problem.strerror or problem}; name another file with --out"
        raise RigError(Problem(Place(str(out)), text)) from None
    for line in told:
        print(line)
    print(f"Picture written to {out}; any browser shows it.", file=sys.stderr)
    return 0


def _fault(text: str) -> FaultSpec:
    kind, _, rest = text.partition(":")
    on, _, severity = rest.partition(":")
    if not kind or not on:
        raise ValueError(
            f"--fault {text!r} must be KIND:ON or KIND:ON:SEVERITY, such as bearing_outer_race:pump1_de:0.5"
        )
    try:
        value = float(severity) if severity else 1.0
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"--fault {text!r}: severity {severity!r} must be a number from 0 to 1")
    return FaultSpec(kind=kind, on=on, severity=value)


def _list(rig: Rig) -> None:
    from emulator.plant import Plant

    plant = Plant(rig, seed=1)
    print("points: " + ", ".join(point.id for point in rig.points[:200] if point.signal is not None))
    print("waveforms of the plant: " + ", ".join(plant.waveforms()[:200]))
    print("signals of the plant: " + ", ".join(list(plant.signals)[:400]))
