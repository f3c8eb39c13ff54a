"""The fingerprint of a fault: one signal of one machine, healthy and faulty, in time, spectrum and envelope."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hil.pictures.sheet import sheet
from hil.report.markup import Markup, tag
from hil.report.plot import COLUMNS, Frame, Mark, axes, frame, marks, readable, trace

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
    actions : (plant time [s], command, value), given in both runs as an operator would: a fault that is seen only when
        something moves needs it.
    panels : of "time", "spectrum" and "envelope" those that a waveform is drawn in.
    reach_hz : part of the spectrum that is drawn, all of it by default.
    window_s : part of a waveform that is drawn in time, four turns of its shaft by default.
    columns : curves are drawn as the extremes of this many columns: fewer make a smaller file.

    """

    signals: tuple[str, ...]
    faults: tuple[FaultSpec, ...] = ()
    settle_s: float = 2.0
    span_s: float = 4.0
    rate_hz: float = DEFAULT_RATE_HZ
    seed: int = 1
    lines: dict[str, float] = field(default_factory=dict)
    actions: tuple[tuple[float, str, float], ...] = ()
    panels: tuple[str, ...] = ("time", "spectrum", "envelope")
    reach_hz: tuple[float, float] | None = None
    window_s: float | None = None
    columns: int = COLUMNS


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one run gave: the signals in the order of the request, and the mean speed of their shaft [Hz], 0: none."""

    taken: tuple[Taken, ...]
    speed_hz: float


def fingerprint(rig: Rig, request: Request, progress: Callable[[str], None] = lambda _: None) -> tuple[str, list[str]]:
    """Return the picture as the text of an SVG file, and one line of numbers per signal and run.

    Raises
    ------
    ValueError
        A signal or point that does not exist, or a fault that does not fit; the message offers what there is.

    """
    progress("healthy plant")
    runs = {"healthy": record(rig, replace(request, faults=()))}
    if request.faults:
        progress(", ".join(f"{f.kind} on {f.on} at {f.severity:g}" for f in request.faults))
        runs["faulty"] = record(rig, request)
    return draw(rig, request, runs)


def draw(rig: Rig, request: Request, runs: dict[str, Recorded]) -> tuple[str, list[str]]:
    """Return picture and numbers of runs that were recorded before; their names are "healthy" and "faulty"."""
    speed = runs["healthy"].speed_hz
    marked = dict(request.lines) or _known_lines(rig, request, speed)
    panels: list[tuple[str, Callable[[float], Markup]]] = []
    told = []
    for index, name in enumerate(request.signals):
        taken = {run: found.taken[index] for run, found in runs.items()}
        panels += _panels(taken, speed, marked, request)
        told += [f"{name}, {run}: {_numbers(one)}" for run, one in taken.items()]
    height = 52.0 + len(panels) * (PANEL + GAP)
    title = ", ".join(f"{f.kind} on {f.on}, severity {f.severity:g}" for f in request.faults) or "healthy"
    parts = [tag("text", f"{rig.title or rig.rig}: {title}", class_="head", x=LEFT, y=22.0), _key("faulty" in runs)]
    for number, (caption, panel) in enumerate(panels):
        y = 52.0 + number * (PANEL + GAP)
        body = tag("g", tag("text", caption, x=LEFT, y=-3.0), panel(PANEL), transform=f"translate(0 {y:.1f})")
        parts.append(body)
    return sheet(WIDTH, height, f"Fingerprint: {title}", *parts), told


# --- running ------------------------------------------------------------------------------------------------


def record(rig: Rig, request: Request) -> Recorded:
    """Run the plant with the request's faults and return its signals.

    Raises
    ------
    ValueError
        A signal, point or command that does not exist, or a fault that does not fit; the message offers what there is.

    """
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
    due = sorted(request.actions)
    while plant.t_ns < round((request.settle_s + request.span_s) * SECOND):
        while due and due[0][0] * SECOND <= plant.t_ns:
            _, command, value = due.pop(0)
            plant.command(command, value)
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
    taken = tuple(_taken(name, points.get(name), waves[name], times[name], request) for name in request.signals)
    return Recorded(taken, float(np.mean(speeds)) / (2.0 * math.pi) if speeds else 0.0)


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
        "_w_k": "W/K", "_j_m3": "J/m³", "_m2_s": "m²/s",
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
    taken: dict[str, Taken], speed_hz: float, lines: dict[str, float], request: Request
) -> list[tuple[str, Callable[[float], Markup]]]:
    first = next(iter(taken.values()))
    columns = request.columns
    if not first.rate_hz:
        curves = {run: (one.time_s, one.values) for run, one in taken.items()}
        return [_panel(f"{first.name}", first.unit, "s", curves, columns=columns)]
    out = []
    if "time" in request.panels:
        shown = {}
        window_s = request.window_s or (4.0 / speed_hz if speed_hz > 2.0 else 0.25)
        for run, one in taken.items():
            count = min(one.values.size, max(int(one.rate_hz * window_s), 200))
            shown[run] = (one.time_s[:count], one.values[:count])
        turns = ", four turns" if not request.window_s and speed_hz > 2.0 else ""
        out.append(_panel(f"{first.name}{turns}", first.unit, "s", shown, columns=columns))
    if "spectrum" in request.panels:
        out.append(_spectrum(taken, request))
    envelope = _envelope(taken, speed_hz, lines, columns) if "envelope" in request.panels else None
    return [*out, envelope] if envelope is not None else out


def _spectrum(taken: dict[str, Taken], request: Request) -> tuple[str, Callable[[float], Markup]]:
    from twin.dsp import welch

    low_hz, high_hz = request.reach_hz or (0.0, math.inf)
    curves = {}
    for run, one in taken.items():
        size = 1 << max(int(math.log2(max(one.values.size / 4, 256))), 8)
        found = welch(one.values, one.rate_hz, min(size, one.values.size))
        density = np.maximum(np.atleast_2d(found.density)[0], 1e-300)
        drawn = (found.freq_hz > 0.0) & (found.freq_hz >= low_hz) & (found.freq_hz <= high_hz)
        curves[run] = (found.freq_hz[drawn], np.log10(density[drawn]) * 0.5)
    top = max(float(y.max()) for _, y in curves.values())
    curves = {run: (x, np.maximum(y, top - DECADES)) for run, (x, y) in curves.items()}
    first = next(iter(taken.values()))
    caption = f"{first.name}, amplitude density, powers of ten"
    # lines that were asked for are marked here; those of a bearing belong into the envelope
    return _panel(caption, f"{first.unit}/√Hz", "Hz", curves, request.lines, request.columns)


def _envelope(
    taken: dict[str, Taken], speed_hz: float, lines: dict[str, float], columns: int
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
    return _panel(caption, "modulation depth", "Hz", curves, lines, columns)


def _panel(
    caption: str,
    unit: str,
    x_unit: str,
    curves: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    lines: dict[str, float] | None = None,
    columns: int = COLUMNS,
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
        parts += [_curve(f, run, x, y * factor, columns) for run, (x, y) in curves.items()]
        return tag("g", *parts)

    return f"{caption} [{shown_unit}]" if shown_unit else caption, draw


def _curve(f: Frame, run: str, x: NDArray[np.float64], y: NDArray[np.float64], columns: int) -> Markup:
    return tag("g", trace(f, x, y, columns), class_=run)


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
