"""One picture a set: ranges of features, the ladder of a fault, or signs of change. Self-contained SVG."""

from typing import Any

import numpy as np

from hil.realism.features import SHOWN, window_range
from hil.report.markup import Markup, tag
from hil.report.plot import picture
from hil.scoring.base import Score

STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1c2430}.soft{fill:#5b6675}.grid{stroke:#e8ebef}"
    ".real{stroke:#b3541e;fill:#b3541e}"
    ".own{stroke:#1f5fa8;fill:#1f5fa8}.page{fill:#fff}.band{stroke-width:5;stroke-linecap:round;opacity:.45}"
    ".word-real{fill:#b3541e}.word-own{fill:#1f5fa8}.same{fill:#e4f4ea}.other{fill:#fbe7e5}.none{fill:#f6f7f9}"
)
LOGARITHMIC = {"kurtosis", "crest"}


def draw(score: Score) -> str:
    """Return the picture of a comparison as SVG text."""
    drawn = {"cwru": ranges, "hit_sm": ranges, "motor_itsc": ladder, "skab": signs, "hydraulic_uci": signs}
    return str(drawn[score.dataset](score))


def _sheet(width: float, height: float, title: str, *parts: Markup) -> Markup:
    page = tag("rect", class_="page", x=0, y=0, width=width, height=height)
    svg = picture(width, height, title, tag("style", STYLE), page, _text(16, 24, title), *parts)
    return Markup(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> Markup:
    return tag("text", words, x=x, y=y, class_=kind or None, text_anchor=anchor)


def _legend(x: float, y: float) -> list[Markup]:
    return [
        _text(x, y, "recorded", "word-real"),
        _text(x + 70.0, y, "synthetic (bar: 5 … 95 %, dot: median)", "word-own"),
    ]


def ranges(score: Score) -> Markup:
    """Draw, feature by feature and fault by fault, the ranges of both sides one above the other."""
    sides: dict[str, Any] = {"real": score.extra["recorded"], "own": score.extra["synthetic"]}
    faults = [f for f in ("bearing_outer_race", "bearing_inner_race", "bearing_ball") if _of(sides["real"], f)]
    width, column, left = 100.0 + 195.0 * len(SHOWN), 195.0, 100.0
    height = 84.0 + 56.0 * len(faults)
    parts: list[Markup] = _legend(16.0, 44.0)
    for j, name in enumerate(SHOWN):
        x0 = left + column * j
        values = [one[name] for side in sides.values() for one in side if one["truth"] in faults]
        low, high = _scaled(name, window_range(values)[0]), _scaled(name, max(window_range(values)[2], 1e-3))
        span = max(high - low, 1e-9)
        parts.append(_text(x0 + 70.0, 66.0, name + (" (log)" if name in LOGARITHMIC else ""), "soft", "middle"))
        for i, fault in enumerate(faults):
            y = 88.0 + 56.0 * i
            parts.append(tag("line", class_="grid", x1=x0, x2=x0 + 140.0, y1=y + 26.0, y2=y + 26.0))
            for k, (kind, side) in enumerate(sides.items()):
                own = _of(side, fault)
                if not own:
                    continue
                points = window_range([one[name] for one in own])
                at = [x0 + 140.0 * min(max((_scaled(name, p) - low) / span, 0.0), 1.0) for p in points]
                parts.append(tag("line", class_=f"band {kind}", x1=at[0], x2=at[2], y1=y + 16.0 * k, y2=y + 16.0 * k))
                parts.append(tag("circle", class_=kind, cx=at[1], cy=y + 16.0 * k, r=4.0))
                number = f"{points[1]:.1f}"
                parts.append(_text(x0 + 150.0, y + 16.0 * k + 4.0, number, f"word-{kind}"))
    for i, fault in enumerate(faults):
        parts.append(_text(16.0, 100.0 + 56.0 * i, fault.removeprefix("bearing_").replace("_", " ")))
    return _sheet(width, height, f"{score.dataset}: features of recorded and synthetic bearings", *parts)


def _of(side: list[dict[str, Any]], fault: str) -> list[dict[str, Any]]:
    return [one for one in side if one["truth"] == fault]


def _scaled(name: str, value: float) -> float:
    return float(np.log(max(value, 1e-3))) if name in LOGARITHMIC else value


def ladder(score: Score) -> Markup:
    """Draw every record of the ladder, phase by phase."""
    top = 100.0 * max(one["share"] for side in ("recorded", "synthetic") for one in score.extra[side])
    parts: list[Markup] = [_text(16.0, 44.0, "recorded", "word-real"), _text(86.0, 44.0, "synthetic", "word-own")]
    for j, phase in enumerate("ABC"):
        x0 = 60.0 + 250.0 * j
        parts.append(_text(x0 + 100.0, 66.0, f"phase {phase}", "soft", "middle"))
        for level in range(0, int(top) + 10, 10):
            y = 260.0 - 180.0 * level / top
            if y > 70.0:
                parts.append(tag("line", class_="grid", x1=x0, x2=x0 + 210.0, y1=y, y2=y))
                parts.append(_text(x0 - 6.0, y + 4.0, f"{level} %", "soft", "end"))
        for kind, side, shift in (("real", "recorded", -5.0), ("own", "synthetic", 5.0)):
            for one in score.extra[side]:
                if one["phase"] == phase:
                    x, y = x0 + 20.0 + 4.4 * one["turns"] + shift, 260.0 - 180.0 * 100.0 * one["share"] / top
                    parts.append(tag("circle", class_=kind, cx=x, cy=y, r=3.5, opacity=0.7))
        rungs = (0, 10, 20, 30, 40)
        parts += [_text(x0 + 20.0 + 4.4 * turns, 278.0, f"{turns}", "soft", "middle") for turns in rungs]
        parts.append(_text(x0 + 108.0, 296.0, "shorted turns [%]", "soft", "middle"))
    return _sheet(820.0, 310.0, "motor_itsc: negative over positive sequence", *parts)


def signs(score: Score) -> Markup:
    """Draw a matrix: recorded sign, synthetic sign; green where they agree, red where not, grey where not clear."""
    rows = score.tables[0].rows
    faults = list(dict.fromkeys(row[0] for row in rows))
    columns = list(dict.fromkeys(row[1] for row in rows))
    cell = 78.0
    parts: list[Markup] = [_text(16.0, 44.0, "recorded | synthetic; grey: not clear in the records", "soft")]
    for j, column in enumerate(columns):
        parts.append(_text(170.0 + cell * (j + 0.5), 68.0, column, "soft", "middle"))
    for fault, column, real, own, verdict in rows:
        i, j = faults.index(fault), columns.index(column)
        kind = {"same": "same", "**other**": "other"}.get(verdict, "none")
        x, y = 170.0 + cell * j, 76.0 + 34.0 * i
        parts.append(tag("rect", class_=kind, x=x + 2.0, y=y + 2.0, width=cell - 4.0, height=30.0))
        parts.append(_text(x + 0.5 * cell, y + 21.0, f"{real.split()[0]}  |  {own.split()[0]}", "", "middle"))
    for i, fault in enumerate(faults):
        parts.append(_text(16.0, 97.0 + 34.0 * i, fault))
    size = 190.0 + cell * len(columns), 90.0 + 34.0 * len(faults)
    return _sheet(*size, f"{score.dataset}: sign of change by fault", *parts)
