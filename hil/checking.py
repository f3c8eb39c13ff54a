"""Validate a rig and its scenarios, and show what is in them."""

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hil.assembling import check_plant
from hil.scenario import prepare
from rigs.document import Place, Problem, RigError
from rigs.load import load_rig, scenario_files
from rigs.schema import Point, Rig
from twin.context.coverage import ACCURACY_GATE, COVERAGE_GATE, QUICK_GATE, coverage

MANY, SOME = 400, 60
"""A rig of more than the first number of points shows the second number of them."""


def check_rig(name: str, *, json_lines: bool, draw: Path | None = None) -> int:
    """Print the rig's devices, points and scenarios, draw its topology; returns the exit code.

    Raises
    ------
    RigError
        The rig or one of its scenarios is wrong, or the picture cannot be written.

    """
    rig = load_rig(name)
    if draw is not None:
        _draw(rig, draw)
    check_plant(name)
    prepared = prepare(name) if scenario_files(name) else []
    if json_lines:
        print(json.dumps({"event": "rig", "rig": rig.rig, "assets": len(rig.assets), "points": len(rig.points)}))
        for point in rig.points:
            place = {"event": "point", "id": point.id, "device": point.device, "address": _address(point)}
            value = {"unit": point.unit, "range": list(point.range), "access": _access(point)}
            print(json.dumps(place | value))
        for item in prepared:
            print(json.dumps({"event": "scenario", "scenario": item.scenario.scenario, "file": item.file}))
        print(json.dumps({"event": "gates"} | _gates(rig)))
        return 0
    console = Console()
    console.print(f"[bold]{escape(rig.title or rig.rig)}[/] — {len(rig.assets)} assets, {len(rig.points)} points")
    console.print(_devices(rig))
    console.print(_points(rig))
    if prepared:
        table = Table("scenario", "duration", "faults", "what it proves", title="Scenarios", title_justify="left")
        for item in prepared:
            faults = ", ".join(f"{fault.kind} on {fault.on}" for fault in item.scenario.faults) or "none"
            seconds = f"{item.scenario.duration / 1e9:g} s"
            table.add_row(item.scenario.scenario, seconds, faults, escape(item.scenario.title))
        console.print(table)
    _show_gates(console, rig)
    console.print(f"[green]Valid.[/] Next: plantbench run {name}")
    return 0


def _draw(rig: Rig, path: Path) -> None:
    from hil.pictures.topology import topology

    try:
        path.write_text(topology(rig), encoding="utf-8")
    except OSError as problem:
        text = f"cannot be written: {problem.strerror or problem}; name another file"
        raise RigError(Problem(Place(str(path)), text)) from None
    print(f"Topology written to {path}; any browser shows it.", file=sys.stderr)


def _gates(rig: Rig) -> dict[str, Any]:
    found = coverage(rig)
    return {
        "coverage": round(found.share, 3),
        "coverage_gate": COVERAGE_GATE,
        "open": {relation.name: list(relation.missing) for relation in found.relations if relation.missing},
        "critical_points": found.critical,
        "inaccurate": list(found.inaccurate),
    }


def _show_gates(console: Console, rig: Rig) -> None:
    """Say what a twin of this rig can check, against the gates for coverage and stated accuracy."""
    gates = _gates(rig)
    share = gates["coverage"]
    colour = "green" if share >= COVERAGE_GATE else "yellow" if share >= QUICK_GATE else "red"
    word = "met" if share >= COVERAGE_GATE else "met for a quick twin" if share >= QUICK_GATE else "not met"
    total = len(coverage(rig).relations)
    console.print(
        f"Coverage: [{colour}]{share:.0%}[/] of {total} relations a twin could check (gate {COVERAGE_GATE:.0%}: {word})"
    )
    for name, missing in gates["open"].items():
        console.print(f"  open: {name}, for want of {', '.join(missing)}")
    poor = ", ".join(gates["inaccurate"])
    verdict = f"[red]too coarse: {poor}[/]" if poor else "[green]all[/]"
    console.print(
        f"Accuracy: {gates['critical_points']} critical points stated to {ACCURACY_GATE:.0%} of span: {verdict}"
    )


def _devices(rig: Rig) -> Table:
    table = Table("device", "protocol", "points", "poll", "time from", title="Devices", title_justify="left")
    for device in rig.devices:
        points = rig.points_of(device.id)
        stamped = (
            "source time" if device.protocol in ("opcua", "mqtt") else "device clock" if device.clock else "the poll"
        )
        table.add_row(device.id, device.protocol, str(len(points)), f"{device.poll / 1e9:g} s", stamped)
    return table


def _points(rig: Rig) -> Table:
    table = Table("point", "device", "address", "unit", "range", "access", title="Points", title_justify="left")
    shown = rig.points if len(rig.points) <= MANY else rig.points[:SOME]
    for point in shown:
        low, high = point.range
        mark = " [bold]*[/]" if point.critical else ""
        span = f"{low:g} … {high:g}"
        table.add_row(point.id + mark, point.device, escape(_address(point)), escape(point.unit), span, _access(point))
    table.caption = "* critical for the twin"
    if len(shown) < len(rig.points):
        table.caption += f"; {len(rig.points) - len(shown)} more points: --json lists all"
    table.caption_justify = "left"
    return table


def _address(point: Point) -> str:
    if point.opcua is not None:
        return point.opcua.node + (" ()" if point.opcua.method else " []" if point.waveform else "")
    if point.mqtt is not None:
        return "/".join((*((point.mqtt.device,) if point.mqtt.device else ()), point.mqtt.metric))
    assert point.modbus is not None
    at = point.modbus
    order = f" {at.order}" if at.words > 1 else ""
    return f"unit {at.unit} {at.table} {at.register_} {at.type}{order}"


def _access(point: Point) -> str:
    return ("r" if point.signal is not None else "") + ("w" if point.write is not None else "")


__all__ = ["RigError", "check_rig"]
