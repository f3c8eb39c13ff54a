"""A recorded waveform judged and shown: one channel or several, vibration or motor current, beside a healthy record."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hil.console import warm_up_twin
from twin.dsp.recordings import Recording, RecordingError, load_recording

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
    reference: Path | None = None


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
    from twin.dsp.analyze import analyze
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
    healthy = None if request.reference is None else _Reference.load(request.reference, request)
    judged = []
    for name, samples in picked.items():
        answer = analyze(samples, rate_hz, speed_rpm / 60.0, geometry, unit=request.unit).as_dict()
        if healthy is not None:
            answer["reference"] = healthy.compare(name, samples, rate_hz, speed_rpm / 60.0, request.bearing)
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
    reference = None
    if request.reference is not None:
        healthy = _Reference.load(request.reference, request)
        if healthy.rate_hz != rate_hz:
            raise ValueError(
                f"{request.reference}: sampled at {healthy.rate_hz:g} Hz, {request.file.name} at {rate_hz:g} Hz;"
                " give a healthy record sampled alike"
            )
        reference = _stack({name: healthy.samples(name) for name in phases}, healthy.recording.source)
    result = analyze_current(
        _stack(phases, recording.source),
        rate_hz,
        poles=request.poles,
        supply_hz=request.supply_hz,
        speed_hz=speed_hz,
        bars=request.bars,
        reference=reference,
    )
    answer = result.as_dict()
    if request.reference is not None:
        answer["reference"] = {"file": request.reference.name}
    speed = "speed not given" if speed_hz is None else f"{60.0 * speed_hz:g} rpm"
    title = f"{request.file.name}, current {', '.join(phases)}, {rate_hz:g} Hz, {request.poles} poles, {speed}"
    return [Judged(",".join(phases), answer, title)]


def _phases(request: Request, recording: Recording) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
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


def _stack(
    phases: dict[str, np.ndarray[Any, np.dtype[np.float64]]], source: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    if len({values.size for values in phases.values()}) != 1:
        sizes = ", ".join(f"{name} {values.size}" for name, values in phases.items())
        raise ValueError(f"{source}: phases of different length ({sizes} samples); cut them alike")
    stacked = np.stack(list(phases.values()))
    return stacked if stacked.shape[0] == 3 else stacked[0]


@dataclass(frozen=True, slots=True)
class _Reference:
    """A healthy record of the same point."""

    recording: Recording
    rate_hz: float
    speed_hz: float | None
    alone: bool

    @classmethod
    def load(cls, path: Path, request: Request) -> "_Reference":
        """Read it; rate and speed are its own, or those given on the command line."""
        recording = load_recording(path)
        rate = recording.rate_hz if recording.rate_hz is not None else request.rate_hz
        if rate is None:
            raise ValueError(f"{path}: no sample rate in the file; give --rate HZ, which is then taken for both files")
        speed = recording.speed_hz
        if speed is None and request.speed_rpm is not None:
            speed = request.speed_rpm / 60.0
        return cls(recording, rate, speed, len(recording.channels) == 1 and len(request.channels) < 2)

    def samples(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Give the same channel as judged; the only one where the file has no other."""
        return self.recording.channel(None if self.alone else name)[1]

    def compare(
        self, name: str, x: np.ndarray[Any, np.dtype[np.float64]], rate_hz: float, speed_hz: float, bearing: str
    ) -> dict[str, Any]:
        """Set the judged channel beside the healthy one."""
        from twin.dsp.bearing import parse_bearing
        from twin.dsp.reference import compare_to_reference

        if self.speed_hz is None:
            raise RecordingError(f"{self.recording.source}: no shaft speed in the file; give --speed RPM")
        result = compare_to_reference(
            x, self.samples(name), rate_hz, speed_hz, parse_bearing(bearing), self.rate_hz, self.speed_hz
        )
        return {"file": Path(self.recording.source).name} | result.as_dict()


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
    return f"beside {compared['file']}: " + (
        _plain({k: v for k, v in compared.items() if k != "file"}) or "judged with it"
    )


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
