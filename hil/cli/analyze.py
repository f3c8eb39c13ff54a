"""`plantbench analyze`: the twin's signal processing on one recorded waveform."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from twin.dsp.analyze import AnalysisResult

USAGE_ERROR = 2


def analyze(
    file: Annotated[Path, typer.Argument(help="Recorded waveform: npz, mat, wav or csv.")],
    bearing: Annotated[str, typer.Option(help="Bearing name, or n,d,D,angle (any length unit, degrees).")],
    rate: Annotated[float | None, typer.Option(help="Sample rate [Hz]; the file's own when it has one.")] = None,
    speed: Annotated[float | None, typer.Option(help="Shaft speed in rpm; the file's own when it has one.")] = None,
    channel: Annotated[str | None, typer.Option(help="Channel of the file; the first one if not given.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the samples, m/s2 or g: adds velocity and imbalance.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")] = False,
) -> None:
    """Judge a recorded waveform: bearing faults and imbalance, with confidence and evidence."""
    from twin.dsp.analyze import analyze as judge
    from twin.dsp.bearing import parse_bearing
    from twin.dsp.recordings import load_recording

    try:
        geometry = parse_bearing(bearing)
        recording = load_recording(file)
        name, samples = recording.channel(channel)
        rate_hz = _known(rate, recording.rate_hz, f"{file}: no sample rate in the file; give --rate HZ")
        speed_rpm = _known(
            speed,
            None if recording.speed_hz is None else recording.speed_hz * 60.0,
            f"{file}: no shaft speed in the file; give --speed RPM",
        )
        result = judge(samples, rate_hz, speed_rpm / 60.0, geometry, unit=unit)
    except ValueError as problem:
        print(f"plantbench analyze: {problem}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from None
    if as_json:
        print(json.dumps(result.as_dict(), allow_nan=False))
        return
    _show(
        result,
        f"{file.name}, channel {name}, {rate_hz:g} Hz, {speed_rpm:g} rpm, bearing {geometry.name or bearing}",
    )


def _known(given: float | None, found: float | None, message: str) -> float:
    if given is not None:
        return given
    if found is None:
        raise ValueError(message)
    return found


def _show(result: "AnalysisResult", title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    colour = {"healthy": "green", "faulty": "red", "unknown": "yellow"}[result.verdict]
    console.print(title, style="dim", markup=False)
    console.print(f"[bold {colour}]{result.verdict}[/]: {result.reason}")
    if result.diagnosis:
        table = Table("fault", "confidence", "evidence", box=None, pad_edge=False)
        for entry in result.diagnosis:
            table.add_row(entry["fault"], f"{entry['confidence']:.2f}", _sentence(entry["evidence"]))
        console.print(table)
    shown = {name: value for name, value in result.features.items() if value is not None}
    console.print("  ".join(f"{name} {value:.4g}" for name, value in shown.items()), style="dim", markup=False)


def _sentence(evidence: dict[str, Any]) -> str:
    if "line_hz" not in evidence:
        return f"{100 * evidence['share_of_velocity_power_at_1x']:.0f} % of the velocity power once per turn"
    harmonics = " ".join(f"{value:.0f}" for value in evidence["harmonics_db"])
    low, high = evidence["band_hz"]
    line, slip, expected = evidence["line_hz"], evidence["slip_percent"], evidence["expected_hz"]
    return (
        f"line {line:.2f} Hz ({slip:+.1f} % of {expected:.2f}), harmonics {harmonics} dB over floor,"
        f" depth {evidence['modulation_depth']:.2f}, in {low:.0f}-{high:.0f} Hz"
    )
