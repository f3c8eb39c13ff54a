"""Small SVG plots: an axis pair, a trace, vertical marks. Nothing interactive, nothing loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from hil.report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = 480
"""Traces are reduced to the extremes of this many columns: more would not be seen, peaks must not be lost."""

PREFIXED = frozenset({"Pa", "W", "V", "A", "Hz", "N", "J", "g", "VA", "Wh", "s", "m"})
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at `x` with a short label; `kind` is a class of the style sheet."""

    x: float
    kind: str
    label: str = ""
    text_kind: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Data window and picture size; turns data into picture coordinates."""

    x0: float
    x1: float
    y0: float
    y1: float
    width: float = 470.0
    height: float = 130.0
    left: float = 50.0
    right: float = 10.0
    top: float = 16.0
    bottom: float = 20.0

    def px(self, x: float) -> float:
        """Picture x of a data x."""
        return self.left + (x - self.x0) / (self.x1 - self.x0) * (self.width - self.left - self.right)

    def py(self, y: float) -> float:
        """Picture y of a data y."""
        rise = self.height - self.top - self.bottom
        return self.height - self.bottom - (y - self.y0) / (self.y1 - self.y0) * rise


def frame(x: np.ndarray, y: np.ndarray, **size: float) -> Frame:
    """Choose a data window with a little air; flat and empty data get a window of their own."""
    shown = y[np.isfinite(y)]
    low, high = (float(shown.min()), float(shown.max())) if shown.size else (0.0, 1.0)
    if high - low <= 1e-9 * max(abs(high), abs(low), 1e-12):
        pad = 0.05 * abs(high) or 1.0
        low, high = low - pad, high + pad
    air = 0.07 * (high - low)
    x0, x1 = (float(x[0]), float(x[-1])) if x.size else (0.0, 1.0)
    return Frame(x0, x1 if x1 > x0 else x0 + 1.0, low - air, high + air, **size)


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about `count` round numbers between `low` and `high`, in steps of 1, 2 or 5 · 10ⁿ."""
    span = high - low
    if not (math.isfinite(span) and span > 0.0):
        return []
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1.0, 2.0, 5.0) if m * power >= 0.7 * raw), 10.0 * power)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def label(value: float, step: float) -> str:
    """Write a tick's number with as many digits as its step needs."""
    size = max(abs(value), abs(step))
    if size != 0.0 and (size >= 1e6 or abs(step) < 1e-6):
        return f"{value:.3g}"
    return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}" if step > 0 else f"{value:g}"


def readable(values: np.ndarray, unit: str) -> tuple[np.ndarray, str]:
    """Scale values so that their numbers stay short: 4.1e5 Pa is drawn as 410 kPa."""
    shown = np.abs(values[np.isfinite(values)])
    top = float(shown.max()) if shown.size else 0.0
    power = 3 * math.floor(math.log10(top) / 3) if top > 0.0 else 0
    if -6 <= power < 0 and top >= 1e-2:
        power = 0
    if power == 0 or not -6 <= power <= 9:
        return values, unit
    prefix = {-6: "µ", -3: "m", 3: "k", 6: "M", 9: "G"}[power] if unit in PREFIXED else ""
    return (
        values * 10.0**-power,
        prefix + unit if prefix else f"{unit} × 10{str(power).translate(RAISED)}".strip(),
    )


def axes(f: Frame, x_unit: str, *, x_ticks: int = 6, y_ticks: int = 3) -> Markup:
    """Grid, numbers and the unit of the x axis."""
    parts: list[Markup] = []
    ys = ticks(f.y0, f.y1, y_ticks)
    y_step = ys[1] - ys[0] if len(ys) > 1 else 1.0
    for y in ys:
        at = f.py(y)
        parts.append(tag("line", class_="gridline", x1=f.left, x2=f.width - f.right, y1=at, y2=at))
        parts.append(tag("text", label(y, y_step), x=f.left - 6.0, y=at + 3.5, text_anchor="end"))
    xs = ticks(f.x0, f.x1, x_ticks)
    x_step = xs[1] - xs[0] if len(xs) > 1 else 1.0
    for i, x in enumerate(xs):
        at = f.px(x)
        parts.append(tag("line", class_="axis", x1=at, x2=at, y1=f.height - f.bottom, y2=f.height - f.bottom + 3.0))
        unit = f" {x_unit}" if i == len(xs) - 1 else ""
        # the last number must not leave the picture together with its unit
        anchor = "end" if unit and at > f.width - 40.0 else "middle"
        shift = 4.0 if anchor == "end" else 0.0
        parts.append(tag("text", label(x, x_step) + unit, x=at + shift, y=f.height - 5.0, text_anchor=anchor))
    base = f.height - f.bottom
    parts.append(tag("line", class_="axis", x1=f.left, x2=f.width - f.right, y1=base, y2=base))
    return Markup("".join(parts))


def trace(f: Frame, x: np.ndarray, y: np.ndarray, columns: int = COLUMNS) -> Markup:
    """Draw a curve; it breaks where there is no number."""
    x, y = thin(x, y, columns)
    runs: list[str] = []
    pen_down = False
    for xi, yi in zip(x.tolist(), y.tolist(), strict=True):
        if not math.isfinite(yi):
            pen_down = False
            continue
        runs.append(f"{'L' if pen_down else 'M'}{f.px(xi):.1f} {f.py(yi):.1f}")
        pen_down = True
    return tag("path", class_="trace", d="".join(runs)) if runs else Markup("")


def thin(x: np.ndarray, y: np.ndarray, columns: int = COLUMNS) -> tuple[np.ndarray, np.ndarray]:
    """Keep the lowest and highest value of each column, in order: at most 2·columns points, no peak lost."""
    n = x.size
    if n <= 2 * columns:
        return x, y
    edges = np.linspace(0, n, columns + 1).astype(np.int64)
    keep: list[int] = []
    for a, b in pairwise(edges.tolist()):
        part = y[a:b]
        if np.isfinite(part).any():
            keep.extend(sorted({a + int(np.nanargmin(part)), a + int(np.nanargmax(part))}))
        else:
            keep.append(a)
    return x[keep], y[keep]


def marks(f: Frame, lines: Sequence[Mark]) -> Markup:
    """Draw lines over the full height; labels stand left of truth, right of findings, apart."""
    parts: list[Markup] = []
    taken: list[tuple[float, float]] = []
    for m in sorted(lines, key=lambda m: m.x):
        if not f.x0 <= m.x <= f.x1:
            continue
        at = f.px(m.x)
        parts.append(tag("line", class_=m.kind, x1=at, x2=at, y1=f.top - 3.0, y2=f.height - f.bottom))
        wide = 6.2 * len(m.label)
        start = {"truth": at - wide - 2.0, "find": at + 2.0}.get(m.kind, at - wide / 2)
        free = all(start + wide < a or start > b for a, b in taken)
        if m.label and free and start > 0.0 and start + wide < f.width:
            anchor = {"truth": ("end", at - 2.0), "find": ("start", at + 2.0)}.get(m.kind, ("middle", at))
            place = {"x": anchor[1], "y": f.top - 6.0, "text_anchor": anchor[0]}
            parts.append(tag("text", m.label, class_=m.text_kind or None, **place))
            taken.append((start, start + wide))
    return Markup("".join(parts))


def picture(width: float, height: float, alt: str, *content: Markup) -> Markup:
    """Wrap drawing into an svg element with a title for readers who cannot see it."""
    box = f"0 0 {width:g} {height:g}"
    return tag("svg", tag("title", alt), *content, viewBox=box, role="img", aria_label=alt)
