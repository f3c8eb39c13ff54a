"""Draw the faults' fingerprints: ``python docs/faults/figures.py [KIND…]`` draws those named, all without a name.

Each is a run of a shipped rig without and with the fault, drawn into ``img/KIND.svg`` and shown on the fault's page.
"""

from __future__ import annotations

import sys
from dataclasses import astuple, replace
from pathlib import Path

from figure_table import FIGURES, Figure

from hil.pictures.fingerprint import Recorded, Request, draw, record
from rigs.load import load_rig
from rigs.schema import FaultSpec, Rig

FOLDER = Path(__file__).parent
LARGEST = 45_000  # bytes of a picture
COLUMNS = (400, 320, 250, 200, 160, 120, 90, 60)
SECOND = 1_000_000_000


def request(kind: str, figure: Figure) -> Request:
    """Say what to record and draw for a fault."""
    fault = FaultSpec(
        kind=kind,
        on=figure.on,
        onset=f"{figure.onset_s} s",
        severity=figure.severity,
        params=figure.params,
    )
    return Request(
        figure.signals,
        (fault,),
        figure.settle_s,
        figure.span_s,
        figure.rate_hz,
        lines=figure.lines,
        actions=tuple((0.0, name, value) for name, value in figure.initial.items()) + figure.actions,
        panels=figure.panels,
        reach_hz=figure.reach_hz,
        window_s=figure.window_s,
    )


def plant(figure: Figure) -> Rig:
    """Load the rig of a figure, with the figure's block."""
    rig = load_rig(figure.rig)
    if not figure.block_ms:
        return rig
    return rig.model_copy(update={"clock": rig.clock.model_copy(update={"block": figure.block_ms * SECOND // 1000})})


def picture(kind: str, figure: Figure, known: dict[str, Recorded]) -> tuple[str, list[str]]:
    """Return the text of the SVG file, as fine as its size allows, and its numbers; `known` keeps healthy runs."""
    rig, wanted = plant(figure), request(kind, figure)
    healthy = replace(wanted, faults=())
    key = repr(
        (figure.rig, figure.block_ms, astuple(replace(healthy, columns=0, panels=(), reach_hz=None, window_s=None)))
    )
    if key not in known:
        known[key] = record(rig, healthy)
    runs = {"healthy": known[key], "faulty": record(rig, wanted)}
    for columns in COLUMNS:
        text, told = draw(rig, replace(wanted, columns=columns), runs)
        if len(text.encode()) <= LARGEST:
            break
    return text, told


def show(kind: str) -> None:
    """Put the picture on the fault's page, before its example, when it is not there yet."""
    page = FOLDER / f"{kind}.md"
    text = page.read_text(encoding="utf-8")
    line = f"![fingerprint](img/{kind}.svg)"
    if line not in text:
        before, fence, after = text.partition("```yaml")
        page.write_text(f"{before}{line}\n\n{fence}{after}", encoding="utf-8")


def main() -> int:
    """Draw what was named; one that cannot be drawn is told and the others go on."""
    wrong = 0
    known: dict[str, Recorded] = {}
    (FOLDER / "img").mkdir(exist_ok=True)
    for kind in sys.argv[1:] or FIGURES:
        try:
            text, told = picture(kind, FIGURES[kind], known)
        except (ValueError, KeyError) as problem:
            print(f"{kind}: {problem}", file=sys.stderr)
            wrong = 1
            continue
        target = FOLDER / "img" / f"{kind}.svg"
        target.with_suffix(".new").write_text(text, encoding="utf-8")
        target.with_suffix(".new").replace(target)
        show(kind)
        print(f"{kind} ({len(text) // 1000} kB)", *told, sep="\n  ", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
