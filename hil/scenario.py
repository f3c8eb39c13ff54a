"""Scenarios of a rig: found, read, and checked against the rig before anything starts."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emulator.desk import check_fault
from emulator.physics.recording import RecordingError, locate
from hil.insertion.catalogue import all_kinds
from rigs.document import Document, Place, Problem, RigError
from rigs.load import find, load_rig, load_scenario, scenario_files
from rigs.schema import RepairStep, Rig, Scenario, Step


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario with the rig as it wants it (its `plant` overrides applied)."""

    scenario: Scenario
    rig: Rig
    file: str


def prepare(rig_name: str, wanted: tuple[str, ...] = ()) -> list[Prepared]:
    """Read a rig's scenarios, all or those named (by name or by path), in file order.

    Raises
    ------
    RigError
        With every problem of every file; an unknown name offers the nearest.

    """
    load_rig(rig_name)
    problems: list[Problem] = []
    found: dict[str, Prepared] = {}
    for path in _chosen(rig_name, wanted):
        try:
            scenario, document = load_scenario(path)
            rig = load_rig(rig_name, scenario.plant)
        except RigError as problem:
            problems += problem.problems
            continue
        problems += [Problem(document.place(where), text, where) for where, text in _check(scenario, rig)]
        if scenario.scenario in found:
            text = f"scenario {scenario.scenario!r} is already in {found[scenario.scenario].file}; rename one"
            problems.append(Problem(document.place(("scenario",)), text))
        found[scenario.scenario] = Prepared(scenario, rig, document.file)
    if problems:
        raise RigError(*problems)
    return list(found.values())


def timeline(scenario: Scenario) -> Iterator[Step | RepairStep]:
    """Yield the scenario's commands and repairs in time order; nothing needs to be plugged in."""
    yield from sorted(scenario.steps, key=lambda step: step.at)


def _chosen(rig_name: str, wanted: tuple[str, ...]) -> list[Path]:
    files = scenario_files(rig_name)
    if not wanted:
        if not files:
            place = Place(str(find(rig_name).parent / "scenarios"))
            raise RigError(Problem(place, "holds no scenario; add a YAML file or name one with --scenario"))
        return files
    names = {path.stem: path for path in files}
    chosen = []
    for name in wanted:
        if name in names:
            chosen.append(names[name])
        elif name.endswith((".yaml", ".yml")):
            chosen.append(Path(name))
        else:
            near = difflib.get_close_matches(name, list(names), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}"
            raise RigError(Problem(Place(f"--scenario {name}"), f"unknown scenario; {hint}"))
    return chosen


Found = Iterator[tuple[tuple[str | int, ...], str]]


def _check(scenario: Scenario, rig: Rig) -> Found:
    for name, source in rig.plant.recordings.items():
        try:
            locate(source.file)
        except RecordingError as problem:
            yield ("plant", "recordings", name, "file"), str(problem)
    kinds = all_kinds()
    points = {point.id: point for point in rig.points}
    devices = {device.id for device in rig.devices}
    for index, fault in enumerate(scenario.faults):
        wrong = check_fault(fault, rig, kinds)
        if wrong:
            yield ("faults", index), wrong
        if fault.onset >= scenario.duration:
            yield ("faults", index, "onset"), "onset lies at or after the scenario's end; it would never take effect"
    for index, step in enumerate(scenario.steps):
        here = ("steps", index)
        if step.at >= scenario.duration:
            yield (*here, "at"), "lies at or after the scenario's end; it would never take effect"
        if isinstance(step, RepairStep):
            yield from _check_repair(step, rig, (*points, *devices), here)
            continue
        point = points.get(step.write)
        if point is None:
            yield (*here, "write"), f"unknown point {step.write!r}; {_near(step.write, list(points))}"
        elif point.write is None:
            writable = [name for name, other in points.items() if other.write is not None]
            yield (*here, "write"), f"point {step.write!r} cannot be written; writable: {', '.join(writable)}"
        elif not isinstance(step.value, bool) and not point.range[0] <= step.value <= point.range[1]:
            low, high = point.range
            yield (*here, "value"), f"value = {step.value} must be in [{low:g}, {high:g}] {point.unit}"
    for index, expectation in enumerate(scenario.expect):
        named = [*getattr(expectation, "devices", ()), getattr(expectation, "device", "")]
        for name in filter(None, named):
            if name not in devices:
                yield ("expect", index), f"unknown device {name!r}; {_near(name, list(devices))}"
    for index, name in enumerate(scenario.show):
        if name not in points:
            yield ("show", index), f"unknown point {name!r}; {_near(name, list(points))}"


def _check_repair(step: RepairStep, rig: Rig, others: tuple[str, ...], here: tuple[str | int, ...]) -> Found:
    known = [*(asset.id for asset in rig.assets), *others]
    if step.repair not in known:
        yield (*here, "repair"), f"repair of unknown {step.repair!r}; {_near(step.repair, known)}"
    modes = [*all_kinds(), *(wear.id for wear in rig.plant.life.wear)]
    chains = rig.plant.life.chains
    modes += [f"{pump}_{part}" for pump in chains.cavitation for part in ("erosion", "seal")]
    modes += [f"{motor}_winding" for motor in chains.winding]
    if step.mode is not None and step.mode not in modes:
        yield (*here, "mode"), f"repair of unknown mode {step.mode!r}; {_near(step.mode, modes)}"


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known[:12])}"


__all__ = ["Document", "Prepared", "prepare", "timeline"]
