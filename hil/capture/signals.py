"""Which signals a report draws, and their traces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hil.record import SignalTrace
from rigs.units import conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hil.verdict.evaluate import Facts
    from hil.verdict.matching import Finding
    from hil.verdict.series import Blocks, Series
    from rigs.schema import Point, Rig, Scenario

MOST = 8
UNIT_NAMES = {
    "m^3/h": "m³/h", "m^3/s": "m³/s", "degC": "°C", "m/s^2": "m/s²", "percent": "%", "um": "µm", "N*m": "N·m",
    "W*h": "Wh", "kW*h": "kWh", "V*A": "VA", "g_0": "g",
}  # fmt: skip
"""How a unit is printed, where its name in a rig file is not how people write it."""


def drawn_signals(scenario: Scenario, rig: Rig, facts: Facts, findings: Sequence[Finding]) -> dict[str, SignalTrace]:
    """Choose up to `MOST` points and return what the twin received of them, or else what was offered.

    Order: the scenario's `show`, points that faults and findings are on, points of those assets. A waveform
    is drawn as the rms of its blocks.
    """
    out: dict[str, SignalTrace] = {}
    for point in _chosen(scenario, rig, findings):
        if len(out) == MOST:
            break
        trace = _trace(point, facts)
        if trace is not None:
            out[point.id] = trace
    return out


def _chosen(scenario: Scenario, rig: Rig, findings: Sequence[Finding]) -> list[Point]:
    places = [f.on for f in scenario.faults] + [str(f["on"]) for f in findings]
    known = {p.id: p for p in rig.points}
    order = [*scenario.show, *(p for p in places if p in known)]
    order += [p.id for place in places for p in rig.points if p.asset == place]
    return [known[name] for name in dict.fromkeys(order) if name in known]


def _trace(point: Point, facts: Facts) -> SignalTrace | None:
    unit = UNIT_NAMES.get(point.unit, point.unit)
    factor, offset = conversion(point.unit) if point.unit else (1.0, 0.0)
    name = point.description or point.id
    blocks = facts.received_blocks.get(point.id) or facts.offered_blocks.get(point.id)
    if point.waveform is not None:
        return None if blocks is None else _of_blocks(blocks, facts.t0_ns, unit, f"{name} (rms)")
    series = facts.received.get(point.id) or facts.offered.get(point.id)
    if series is None or series.t_ns.size == 0:
        return None
    shown = replace(series, values=(series.values - offset) / factor)
    return _of_series(shown, facts.t0_ns, unit, name)


def _of_series(series: Series, t0_ns: int, unit: str, name: str) -> SignalTrace:
    # a value that is not good is a hole in the curve, not a point on it
    values = np.where(series.good, series.values, np.nan)
    order = np.argsort(series.t_ns, kind="stable")
    return SignalTrace((series.t_ns[order] - t0_ns) * 1e-9, values[order], unit, name)


def _of_blocks(blocks: Blocks, t0_ns: int, unit: str, name: str) -> SignalTrace | None:
    if blocks.extremes is not None:
        rms = blocks.extremes[:, 2]
    elif blocks.samples is not None:
        parts = np.split(blocks.samples, np.cumsum(blocks.count)[:-1])
        rms = np.array([float(np.sqrt(np.mean(np.square(p, dtype=np.float64)))) if p.size else np.nan for p in parts])
    else:
        return None
    order = np.argsort(blocks.t_ns, kind="stable")
    return SignalTrace((blocks.t_ns[order] - t0_ns) * 1e-9, rms[order], unit, name)
