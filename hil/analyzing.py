"""A recorded waveform judged and shown: one channel or several, vibration or motor current, beside a healthy record."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hil.console import warm_up_twin
from twin.dsp.recordings import Array, Recording, load_recording

SAME_RATE = 1e-6
MOST_CHANGES = 12
COLOUR = {"healthy": "green", "faulty": "red", "unknown": "yellow"}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line; None where it was not said."""

    file: Path
    bearing: str | None = None
    rate_hz: float | None = None
    speed_rpm: float | None = None
    channels: tuple[str, ...] = ()
    unit: str | None = None
    poles: int | None = None
    supply_hz: float | None = None
    bars: int | None = None
    references: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """One judged signal: what it is called, the result as plain data, one line that says what it is."""

    name: str
    answer: dict[str, Any]
    title: str


def analyze_and_show(request: Request, *, as_json: bool) -> None:
    """Judge the file and print the answer.

    Raises
    ------
    ValueError
        Naming file, value, rule and way out.
    """
    _check(request)
    recording = load_recording(request.file)
    warm_up_twin(Console(stderr=True))
    judged = _current(request, recording) if request.poles is not None else _vibration(request, recording)
    copies = [pair for pair in recording.duplicates() if {one.name for one in judged} & set(pair)]
    if request.poles is None:
        _flag_copies(judged, copies)
    if as_json:
        print(json.dumps(_json(judged, copies), allow_nan=False))
        return
    console = Console(highlight=False)
    for one in judged:
        _show(one, console)
    for first, second in copies:
        console.print(
            f"[yellow]{first} and {second} are one signal up to a factor:[/] one of them is not what it is called"
        )
    if len(judged) > 1:
        _compare(judged, console)


def _check(request: Request) -> None:
    if request.bearing is None and request.poles is None:
        raise ValueError(
            f"{request.file}: nothing to look for; give --bearing NAME or n,d,D,angle for vibration,"
            " or --poles N (and --supply-hz HZ) for motor current"
        )
    if request.bearing is not None and request.poles is not None:
        raise ValueError("--bearing asks for vibration and --poles for motor current; judge them one after the other")
    if request.poles is None:
        for option, value in (("--supply-hz", request.supply_hz), ("--bars", request.bars)):
            if value is not None:
                raise ValueError(f"{option} {value:g} is for motor current; add --poles N")
    elif request.unit is not None:
        raise ValueError(f"--unit {request.unit} is for vibration; motor current is judged by ratios, leave it out")


def _vibration(request: Request, recording: Recording) -> list[Judged]:
    from twin.dsp.analysis import analyze
    from twin.dsp.bearing import parse_bearing

    assert request.bearing is not None
    geometry = parse_bearing(request.bearing)
    picked = recording.pick(request.channels)
    rate_hz = _rate(request, recording)
    speed_rpm = _known(
        request.speed_rpm,
        None if recording.speed_hz is None else recording.speed_hz * 60.0,
        f"{request.file}: no shaft speed in the file; give --speed RPM",
    )
    healthy = [_healthy(path, request, rate_hz) for path in request.references]
    judged = []
    for name, samples in picked.items():
        beside = [_same(one, name) for one in healthy]
        result = analyze(samples, rate_hz, speed_rpm / 60.0, geometry, unit=request.unit, reference=beside)
        answer = result.as_dict()
        if healthy:
            answer["reference"] = _compared(samples, beside, healthy, rate_hz)
        title = (
            f"{request.file.name}, channel {name}, {rate_hz:g} Hz, {speed_rpm:g} rpm,"
            f" bearing {geometry.name or request.bearing}"
        )
        judged.append(Judged(name, answer, title))
    return judged


def _current(request: Request, recording: Recording) -> list[Judged]:
    from twin.dsp.motor_current import analyze_current

    assert request.poles is not None
    phases = _phases(request, recording)
    rate_hz = _rate(request, recording)
    speed_hz = recording.speed_hz if request.speed_rpm is None else request.speed_rpm / 60.0
    healthy = [_healthy(path, request, rate_hz) for path in request.references]
    result = analyze_current(
        _stack(phases, recording.source),
        rate_hz,
        poles=request.poles,
        supply_hz=request.supply_hz,
        speed_hz=speed_hz,
        bars=request.bars,
        reference=[_stack({name: _same(one, name) for name in phases}, one.source) for one in healthy] or None,
    )
    answer = result.as_dict()
    if healthy:
        answer["reference"] = {"files": [path.name for path in request.references]}
    speed = "speed not given" if speed_hz is None else f"{60.0 * speed_hz:g} rpm"
    title = f"{request.file.name}, current {', '.join(phases)}, {rate_hz:g} Hz, {request.poles} poles, {speed}"
    return [Judged(",".join(phases), answer, title)]


def _phases(request: Request, recording: Recording) -> dict[str, Array]:
    """Pick one phase or three: those named, or all the file has when it has three."""
    names = request.channels or (tuple(recording.channels) if len(recording.channels) == 3 else ())
    if not names and len(recording.channels) > 1:
        raise ValueError(
            f"{request.file}: holds {', '.join(recording.channels)}; give --channel A,B,C for three phases, or one"
        )
    picked = recording.pick(names)
    if len(picked) not in (1, 3):
        raise ValueError(
            f"{request.file}: {len(picked)} channels ({', '.join(picked)}) are neither one phase nor three; name"
            " one or three with --channel"
        )
    return picked


def _stack(phases: dict[str, Array], source: str) -> Array:
    if len({values.size for values in phases.values()}) != 1:
        sizes = ", ".join(f"{name} {values.size}" for name, values in phases.items())
        raise ValueError(f"{source}: phases of different length ({sizes} samples); cut them alike")
    stacked = np.stack(list(phases.values()))
    return stacked if stacked.shape[0] == 3 else stacked[0]


def _healthy(path: Path, request: Request, rate_hz: float) -> Recording:
    """Read a healthy record, which must be sampled like the one judged."""
    recording = load_recording(path)
    own = recording.rate_hz if recording.rate_hz is not None else request.rate_hz
    if own is None:
        raise ValueError(f"{path}: no sample rate in the file; give --rate HZ, which then stands for both files")
    if abs(own / rate_hz - 1.0) > SAME_RATE:
        raise ValueError(
            f"{path}: sampled at {own:g} Hz, {request.file.name} at {rate_hz:g} Hz; give a healthy record sampled alike"
        )
    return recording


def _same(recording: Recording, name: str) -> Array:
    """Give the same channel as judged; the only one where the file has no other."""
    return recording.channel(None if len(recording.channels) == 1 else name)[1]


def _compared(x: Array, beside: list[Array], healthy: list[Recording], rate_hz: float) -> dict[str, Any]:
    """Set the judged channel beside the healthy ones: plain data for JSON."""
    from twin.dsp.reference import compare

    result = compare(x, beside, rate_hz)
    changes = [
        {
            "name": change.name,
            "band_hz": None if change.band_hz is None else [round(edge, 3) for edge in change.band_hz],
            "change_db": round(change.change_db, 3),
            "z": round(change.z, 2),
        }
        for change in result.changes[:MOST_CHANGES]
    ]
    return {
        "files": [Path(one.source).name for one in healthy],
        "outcome": result.outcome,
        "reason": result.reason,
        "score": _finite(result.score),
        "p_value": _finite(result.p_value),
        "distance_db": _finite(result.distance_db),
        "changes": changes,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _flag_copies(judged: list[Judged], copies: list[tuple[str, str]]) -> None:
    for one in judged:
        if any(one.name in pair for pair in copies) and "duplicated" not in one.answer["flags"]:
            one.answer["flags"].append("duplicated")


def _json(judged: list[Judged], copies: list[tuple[str, str]]) -> dict[str, Any]:
    if len(judged) == 1:
        return judged[0].answer
    return {
        "channels": {one.name: one.answer for one in judged},
        "flags": [f"duplicated: {first}, {second}" for first, second in copies],
    }


def _rate(request: Request, recording: Recording) -> float:
    return _known(request.rate_hz, recording.rate_hz, f"{request.file}: no sample rate in the file; give --rate HZ")


def _known(given: float | None, found: float | None, message: str) -> float:
    if given is not None:
        return given
    if found is None:
        raise ValueError(message)
    return found


def _show(one: Judged, console: Console) -> None:
    answer = one.answer
    console.print(one.title, style="dim", markup=False)
    console.print(Text.assemble((answer["verdict"], f"bold {COLOUR[answer['verdict']]}"), f": {answer['reason']}"))
    if answer["diagnosis"]:
        table = Table("fault", "confidence", "evidence", box=None, pad_edge=False)
        for entry in answer["diagnosis"]:
            table.add_row(entry["fault"], f"{entry['confidence']:.2f}", _sentence(entry["evidence"]))
        console.print(table)
    for remark in answer.get("remarks", ()):
        console.print(Text(f"note: {remark}", style="yellow"))
    if "reference" in answer:
        console.print(_reference_line(answer["reference"]), markup=False)
    shown = {name: value for name, value in answer["features"].items() if value is not None}
    console.print("  ".join(f"{name} {value:.4g}" for name, value in shown.items()), style="dim", markup=False)


def _compare(judged: list[Judged], console: Console) -> None:
    table = Table("channel", "verdict", "most likely", "confidence", "rms", box=None, pad_edge=False)
    for one in judged:
        best = one.answer["diagnosis"][0] if one.answer["diagnosis"] else None
        rms = one.answer["features"].get("rms")
        table.add_row(
            Text(one.name),
            Text(one.answer["verdict"], style=COLOUR[one.answer["verdict"]]),
            best["fault"] if best else "–",
            f"{best['confidence']:.2f}" if best else "–",
            "–" if rms is None else f"{rms:.4g}",
        )
    console.print(table)


def _sentence(evidence: dict[str, Any]) -> str:
    if "share_of_velocity_power_at_1x" in evidence:
        return f"{100 * evidence['share_of_velocity_power_at_1x']:.0f} % of the velocity power once per turn"
    if "harmonics_db" not in evidence:
        return _plain(evidence)
    harmonics = " ".join(f"{value:.0f}" for value in evidence["harmonics_db"])
    low, high = evidence["band_hz"]
    line, slip, expected = evidence["line_hz"], evidence["slip_percent"], evidence["expected_hz"]
    return (
        f"line {line:.2f} Hz ({slip:+.1f} % of {expected:.2f}), harmonics {harmonics} dB over floor,"
        f" depth {evidence['modulation_depth']:.2f}, in {low:.0f}-{high:.0f} Hz"
    )


def _reference_line(compared: dict[str, Any]) -> str:
    files = ", ".join(compared["files"])
    if "outcome" not in compared:
        return f"judged beside {files}"
    told = [
        f"{change['name']} {change['band_hz'][0]:.0f}-{change['band_hz'][1]:.0f} Hz {change['change_db']:+.1f} dB"
        if change["band_hz"]
        else f"{change['name']} {change['change_db']:+.1f} dB"
        for change in compared["changes"][:3]
    ]
    return f"beside {files}: {compared['outcome']} ({compared['reason']})" + (f"; {', '.join(told)}" if told else "")


def _plain(values: dict[str, Any]) -> str:
    """Numbers and words of evidence whose shape is its own, in its order."""
    words = []
    for name, value in values.items():
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | float):
            words.append(f"{name} {value:.4g}")
        elif isinstance(value, str):
            words.append(f"{name}: {value}")
    return ", ".join(words)
