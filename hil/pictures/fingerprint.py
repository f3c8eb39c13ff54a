"""The fingerprint of a fault: one signal of one machine, healthy and faulty, in time, spectrum and envelope."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hil.pictures.sheet import sheet
from hil.report.markup import Markup, tag
from hil.report.plot import Frame, Mark, axes, frame, marks, readable, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emulator.emulation import Emulation
    from rigs.schema import FaultSpec, Point, Rig

SECOND = 1_000_000_000
DEFAULT_RATE_HZ = 25_600.0
WIDTH, PANEL, GAP = 1000.0, 150.0, 38.0
LEFT = 62.0
ENVELOPE_ORDERS = 14.0
DECADES = 5.0


@dataclass(slots=True)
class Taken:
    """One signal of one run: values float64[n] at `time_s`; `rate_hz` is that of a waveform, 0 for scalars."""

    name: str
    unit: str
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    rate_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """What to draw.

    Attributes
    ----------
    signals : names of points (as a device holds them, through the sensor) or of true signals of the plant.
    faults : laid over the second of the two runs; without any only the healthy run is drawn.
    settle_s : plant time that passes before the part that is drawn · span_s : length of that part.
    rate_hz : at which a true waveform is sampled; a point has a rate of its own.

    """

    signals: tuple[str, ...]
    faults: tuple[FaultSpec, ...] = ()
    settle_s: float = 2.0
    span_s: float = 4.0
    rate_hz: float = DEFAULT_RATE_HZ
    seed: int = 1
    lines: dict[str, float] = field(default_factory=dict)


def fingerprint(rig: Rig, request: Request, progress: Callable[[str], None] = lambda _: None) -> tuple[str, list[str]]:
    """Return the picture as the text of an SVG file, and one line of numbers per signal and run.

    Raises
    ------
    ValueError
        A signal or point that does not exist, or a fault that does not fit; the message offers what there is.

    """
    progress("healthy plant")
    runs = {"healthy": _take(rig, replace(request, faults=()))}
    if request.faults:
        progress(", ".join(f"{f.kind} on {f.on} at {f.severity:g}" for f in request.faults))
        runs["faulty"] = _take(rig, request)
    marked = dict(request.lines) or _known_lines(rig, request, runs["healthy"][1])
    panels: list[tuple[str, Callable[[float], Markup]]] = []
    told = []
    for index, name in enumerate(request.signals):
        taken = {run: found[0][index] for run, found in runs.items()}
        speed = runs["healthy"][1]
        panels += _panels(taken, speed, marked)
        told += [f"{name}, {run}: {_numbers(one)}" for run, one in taken.items()]
    height = 52.0 + len(panels) * (PANEL + GAP)
    title = ", ".join(f"{f.kind} on {f.on}, severity {f.severity:g}" for f in request.faults) or "healthy"
    parts = [tag("text", f"{rig.title or rig.rig}: {title}", class_="head", x=LEFT, y=22.0), _key(bool(request.faults))]
    for number, (caption, draw) in enumerate(panels):
        y = 52.0 + number * (PANEL + GAP)
        body = tag("g", tag("text", caption, x=LEFT, y=-3.0), draw(PANEL), transform=f"translate(0 {y:.1f})")
        parts.append(body)
    return sheet(WIDTH, height, f"Fingerprint: {title}", *parts), told


# --- running ------------------------------------------------------------------------------------------------


def _take(rig: Rig, request: Request) -> tuple[list[Taken], float]:
    """Run the plant and return the signals, and the mean speed of the shaft they belong to [Hz], 0 if unknown."""
    from emulator.emulation import Emulation
    from hil.insertion.catalogue import link_kinds

    points = {point.id: point for point in rig.points}
    measured = tuple(points[name] for name in request.signals if name in points)
    # Other points are left out: sampling them would cost time, and a housing is listened to at one rate only.
    touched = {fault.on for fault in request.faults}
    kept = {point.id: point for point in (*measured, *(points[n] for n in touched if n in points))}
    emulation = Emulation(rig.model_copy(update={"points": tuple(kept.values())}), request.seed, kinds=link_kinds())
    for fault in request.faults:
        emulation.desk.add(fault)
    plant = emulation.plant
    for name in request.signals:
        if name not in points and name not in plant.waveforms():
            _check_scalar(name, plant.signals, (*points, *plant.waveforms()))
    for name in request.signals:
        plant.listen(name)
    waves: dict[str, list[NDArray[np.float64]]] = {name: [] for name in request.signals}
    times: dict[str, list[float]] = {name: [] for name in request.signals}
    speeds: list[float] = []
    while plant.t_ns < round((request.settle_s + request.span_s) * SECOND):
        emulation.step()
        now_s = plant.t_ns / SECOND
        drawn = now_s > request.settle_s
        for name in request.signals:
            if name in points:
                _read(emulation, points[name], waves[name], times[name], now_s, drawn)
            elif name in plant.waveforms():
                n0, count = plant.sample_range(request.rate_hz)
                samples = plant.waveform(name, n0, count, request.rate_hz)
                if drawn:
                    waves[name].append(samples)
            else:
                waves[name].append(np.array([plant.signals[name]]))
                times[name].append(now_s)
        if drawn:
            speeds.append(_speed(emulation, rig, request, points))
    taken = [_taken(name, points.get(name), waves[name], times[name], request) for name in request.signals]
    return taken, float(np.mean(speeds)) / (2.0 * math.pi) if speeds else 0.0


def _check_scalar(name: str, signals: dict[str, float], others: Sequence[str]) -> None:
    try:
        signals[name]
    except KeyError:
        known = [*signals, *others]
        near = difflib.get_close_matches(name, known, 3, 0.4)
        hint = (
            f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are: {', '.join(sorted(known)[:12])}"
        )
        raise ValueError(f"no point or signal {name!r}; {hint}") from None


def _read(
    emulation: Emulation, point: Point, values: list[NDArray[np.float64]], times: list[float], now_s: float, drawn: bool
) -> None:
    reading = emulation.images[point.device].readings[point.id]
    if point.waveform is None:
        values.append(np.array([float(reading.value)]))
        times.append(now_s)
        return
    window = np.asarray(reading.value, dtype=np.float64)
    seen = int(times[0]) if times else 0
    fresh = window[max(seen - reading.n0, 0) :]
    times[:] = [reading.n0 + window.size, reading.rate_hz]
    if drawn and fresh.size:
        values.append(fresh)


def _taken(
    name: str, point: Point | None, values: list[NDArray[np.float64]], times: list[float], request: Request
) -> Taken:
    joined = np.concatenate(values) if values else np.zeros(0)
    waveform = point.waveform is not None if point is not None else not times
    if not waveform:
        return Taken(name, point.unit if point else _unit(name), np.array(times), joined)
    rate = times[1] if point is not None else request.rate_hz
    unit = point.unit if point is not None else _unit(name)
    return Taken(name, unit, np.arange(joined.size) / rate, joined, rate)


def _unit(name: str) -> str:
    """Read the unit off a signal's name: ``…_m3_s`` is m³/s."""
    tails = {
        "_m_s2": "m/s²", "_m3_s": "m³/s", "_kg_s": "kg/s", "_rad_s": "rad/s", "_m_s": "m/s", "_pa": "Pa", "_k": "K",
        "_w": "W", "_nm": "N·m", "_n": "N", "_a": "A", "_v": "V", "_m": "m", "_hz": "Hz", "_kg": "kg", "_j": "J",
    }  # fmt: skip
    return next((unit for tail, unit in tails.items() if name.endswith(tail)), "")


def _speed(emulation: Emulation, rig: Rig, request: Request, points: dict[str, Point]) -> float:
    """Speed [rad/s] of the shaft that the first signal's asset is on, of its only shaft otherwise."""
    machines = emulation.plant.machines
    name = request.signals[0]
    signal = points[name].signal or "" if name in points else name
    asset = signal.rpartition(".")[0]
    own = emulation.plant.signals.get(f"{asset}.speed_rad_s")
    if own is not None:
        return own
    shaft = machines.bearings.get(asset) or machines.on_shaft.get(asset) or next(iter(machines.shafts), None)
    if shaft is None:
        return 0.0
    placed = machines.shafts[shaft]
    return machines.trains[placed.train].motor.speed_rad_s * placed.ratio


def _known_lines(rig: Rig, request: Request, speed_hz: float) -> dict[str, float]:
    """Orders worth a mark: the shaft, and where a bearing is concerned its four kinematic lines."""
    from twin.dsp import BearingGeometry

    wanted = {name.partition(".")[0] for name in request.signals} | {fault.on for fault in request.faults}
    bearing = next((a for a in rig.assets if a.kind == "rolling_bearing" and a.id in wanted), None)
    if bearing is None or speed_hz <= 0.0:
        return {"1×": speed_hz} if speed_hz > 0.0 else {}
    geometry = BearingGeometry(bearing.balls, bearing.ball_diameter, bearing.pitch_diameter, bearing.contact_angle)
    orders = {"BPFO": geometry.bpfo, "BPFI": geometry.bpfi, "2×BSF": 2.0 * geometry.bsf, "FTF": geometry.ftf}
    return {"1×": speed_hz} | {name: order * speed_hz for name, order in orders.items()}


# --- drawing ------------------------------------------------------------------------------------------------


def _panels(
    taken: dict[str, Taken], speed_hz: float, lines: dict[str, float]
) -> list[tuple[str, Callable[[float], Markup]]]:
    first = next(iter(taken.values()))
    if not first.rate_hz:
        curves = {run: (one.time_s, one.values) for run, one in taken.items()}
        return [_panel(f"{first.name}", first.unit, "s", curves)]
    shown = {}
    for run, one in taken.items():
        count = min(one.values.size, max(int(one.rate_hz * (4.0 / speed_hz if speed_hz > 2.0 else 0.25)), 200))
        shown[run] = (one.time_s[:count], one.values[:count])
    out = [_panel(f"{first.name}, four turns", first.unit, "s", shown)]
    out.append(_spectrum(taken, lines))
    envelope = _envelope(taken, speed_hz, lines)
    return [*out, envelope] if envelope is not None else out


def _spectrum(taken: dict[str, Taken], lines: dict[str, float]) -> tuple[str, Callable[[float], Markup]]:
    from twin.dsp import welch

    curves = {}
    for run, one in taken.items():
        size = 1 << max(int(math.log2(max(one.values.size / 4, 256))), 8)
        found = welch(one.values, one.rate_hz, min(size, one.values.size))
        density = np.maximum(np.atleast_2d(found.density)[0][1:], 1e-300)
        curves[run] = (found.freq_hz[1:], np.log10(density) * 0.5)
    top = max(float(y.max()) for _, y in curves.values())
    curves = {run: (x, np.maximum(y, top - DECADES)) for run, (x, y) in curves.items()}
    first = next(iter(taken.values()))
    return _panel(f"{first.name}, amplitude density, powers of ten", f"{first.unit}/√Hz", "Hz", curves)


def _envelope(
    taken: dict[str, Taken], speed_hz: float, lines: dict[str, float]
) -> tuple[str, Callable[[float], Markup]] | None:
    from twin.dsp import choose_band, squared_envelope_spectrum

    last = list(taken.values())[-1]
    if speed_hz <= 0.0 or last.values.size < 16.0 * last.rate_hz / speed_hz:
        return None
    try:
        band = choose_band(last.values, last.rate_hz, speed_hz).best
        curves = {}
        for run, one in taken.items():
            found = squared_envelope_spectrum(one.values, one.rate_hz, band)
            reach = (found.freq_hz > 0.2 * speed_hz) & (found.freq_hz <= ENVELOPE_ORDERS * speed_hz)
            curves[run] = (found.freq_hz[reach], found.depth[reach])
    except ValueError:  # a signal without variation has no envelope to speak of
        return None
    caption = f"{last.name}, squared envelope of {band.low_hz:.0f} … {band.high_hz:.0f} Hz"
    return _panel(caption, "modulation depth", "Hz", curves, lines)


def _panel(
    caption: str,
    unit: str,
    x_unit: str,
    curves: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    lines: dict[str, float] | None = None,
) -> tuple[str, Callable[[float], Markup]]:
    everything = np.concatenate([y for _, y in curves.values()])
    _, shown_unit = readable(everything, unit)
    scaled, _ = readable(everything, unit)
    nonzero = np.flatnonzero(everything)
    factor = float(scaled[nonzero[0]] / everything[nonzero[0]]) if nonzero.size else 1.0

    def draw(height: float) -> Markup:
        x = next(iter(curves.values()))[0]
        f = frame(x, everything * factor, width=WIDTH, height=height, left=LEFT, top=18.0)
        parts = [axes(f, x_unit, x_ticks=10)]
        if lines:
            parts.append(marks(f, [Mark(at, "mark", name, "t-truth") for name, at in lines.items()]))
        parts += [_curve(f, run, x, y * factor) for run, (x, y) in curves.items()]
        return tag("g", *parts)

    return f"{caption} [{shown_unit}]" if shown_unit else caption, draw


def _curve(f: Frame, run: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> Markup:
    return tag("g", trace(f, x, y), class_=run)


def _key(faulty: bool) -> Markup:
    runs = ("healthy", "faulty") if faulty else ("healthy",)
    parts = []
    for index, run in enumerate(runs):
        x = WIDTH - 90.0 * (len(runs) - index)
        parts.append(tag("g", tag("path", class_="trace", d=f"M{x:.0f} 18h22"), class_=run))
        parts.append(tag("text", run, x=x + 28.0, y=22.0))
    return tag("g", *parts)


def _numbers(taken: Taken) -> str:
    v = taken.values
    if not taken.rate_hz:
        return f"{v[0]:.6g} → {v[-1]:.6g} {taken.unit}".strip()
    spread = v - v.mean()
    rms = float(np.sqrt(np.mean(spread**2)))
    kurtosis = float(np.mean(spread**4)) / rms**4 if rms > 0.0 else 0.0
    return f"rms {rms:.4g} {taken.unit}, kurtosis {kurtosis:.2f}, peak {float(np.abs(v).max()):.4g}"
