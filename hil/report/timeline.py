"""Truth above, findings below, on one time axis: the picture the verdict is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hil.report.markup import Markup, tag
from hil.report.plot import Frame, label, picture, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hil.record import FaultTrace, ScenarioResult

WIDTH, LEFT, RIGHT = 980.0, 250.0, 14.0
ROW, GAP, TOP, BOTTOM = 30.0, 8.0, 6.0, 24.0


def timeline(result: ScenarioResult) -> Markup:
    """Draw one row per injected fault (its severity as an area) and one per finding (a bar while open)."""
    findings = sorted(result.findings, key=lambda f: (int(f["detected_ns"]), str(f.get("id", ""))))
    rows = len(result.truth) + len(findings)
    if rows == 0:
        return tag("p", "No fault was injected and nothing was found.", class_="soft")
    height = TOP + rows * (ROW + GAP) + (GAP if findings and result.truth else 0.0) + BOTTOM
    f = Frame(0.0, max(result.duration_s, 1e-9), 0.0, 1.0, WIDTH, height, LEFT, RIGHT, TOP, BOTTOM)
    parts = [_grid(f)]
    at = TOP
    onset_rows: list[tuple[FaultTrace, float]] = []
    for fault in result.truth:
        parts.append(_truth_row(f, fault, result.t0_ns, at))
        onset_rows.append((fault, at + ROW))
        at += ROW + GAP
    at += GAP if findings and result.truth else 0.0
    for finding in findings:
        parts.append(_finding_row(f, finding, result, at))
        at += ROW + GAP
    return picture(WIDTH, height, f"Injected faults and findings of {result.name} over time", *parts)


def _grid(f: Frame) -> Markup:
    parts: list[Markup] = []
    xs = ticks(f.x0, f.x1, 9)
    step = xs[1] - xs[0] if len(xs) > 1 else 1.0
    base = f.height - f.bottom
    for i, x in enumerate(xs):
        at = f.px(x)
        last = i == len(xs) - 1
        anchor = "end" if last and at > f.width - 30.0 else "middle"
        parts.append(tag("line", class_="gridline", x1=at, x2=at, y1=f.top, y2=base))
        number = label(x, step) + (" s" if last else "")
        parts.append(tag("text", number, x=at, y=f.height - 7.0, text_anchor=anchor))
    parts.append(tag("line", class_="axis", x1=f.left, x2=f.width - f.right, y1=base, y2=base))
    return Markup("".join(parts))


def _truth_row(f: Frame, fault: FaultTrace, t0_ns: int, top: float) -> Markup:
    start = _clip(f, (fault.onset_ns - t0_ns) * 1e-9)
    end = _clip(f, (fault.cleared_ns - t0_ns) * 1e-9) if fault.cleared_ns is not None else f.x1
    corners = [
        (_clip(f, (t - t0_ns) * 1e-9), s) for t, s in fault.severity if s > 0.0 or t < (fault.cleared_ns or t + 1)
    ]
    base = top + ROW
    points = [(start, 0.0), *corners, (end, corners[-1][1] if corners else 1.0), (end, 0.0)]
    if not corners:
        points[1:1] = [(start, 1.0)]
    # severity 1 fills the row
    path = " ".join(f"{f.px(x):.1f},{base - s * (ROW - 4.0):.1f}" for x, s in points)
    shape = (
        tag("polygon", class_="truth-area", points=path)
        if not fault.skipped
        else tag("text", f"not injected: {fault.skipped}", class_="t-bad", x=f.left + 6.0, y=top + 20.0)
    )
    return Markup(_name(top, fault.kind, fault.on, "truth", "t-truth") + shape)


def _finding_row(f: Frame, finding: Mapping[str, Any], result: ScenarioResult, top: float) -> Markup:
    start = _clip(f, (int(finding["detected_ns"]) - result.t0_ns) * 1e-9)
    closed = finding.get("closed_ns")
    end = _clip(f, (int(closed) - result.t0_ns) * 1e-9) if closed is not None else f.x1
    alarm = str(finding.get("id", finding["fault"])) in result.false_alarms
    x0, x1 = f.px(start), max(f.px(end), f.px(start) + 3.0)
    parts = [
        tag(
            "rect",
            class_="bad-bar" if alarm else "find-bar",
            x=x0,
            y=top + 6.0,
            width=x1 - x0,
            height=ROW - 12.0,
            rx=3,
        )
    ]
    row = next((m for m in result.matches if m.finding_id is not None and m.finding_id == finding.get("id")), None)
    note = "false alarm" if alarm else ""
    if row is not None and row.delay_s is not None:
        onset = start - row.delay_s
        if onset >= f.x0:
            x = f.px(onset)
            parts.append(tag("line", class_="truth", x1=x, x2=x, y1=top + 4.0, y2=top + ROW - 4.0))
            parts.append(tag("line", class_="delay", x1=x, x2=x0, y1=top + ROW / 2, y2=top + ROW / 2))
        note = f"{row.delay_s:.3g} s after onset" + ("" if row.outcome == "found" else f" ({row.outcome})")
    confidence = finding.get("confidence")
    if isinstance(confidence, (int, float)):
        note = f"{note + ', ' if note else ''}confidence {confidence:.2f}"
    # inside the bar where it fits, else to the left of it: the delay line leaves room there
    fits = x1 - x0 > 6.2 * len(note) + 12.0
    kind = "t-bad" if alarm else "t-find"
    if fits:
        parts.append(tag("text", note, class_=kind, x=x0 + 7.0, y=top + 19.0))
    else:
        parts.append(tag("text", note, class_=kind, x=x0 - 6.0, y=top + 12.0, text_anchor="end"))
    return Markup(_name(top, str(finding["fault"]), str(finding["on"]), "finding", kind) + "".join(parts))


def _name(top: float, fault: str, on: str, role: str, kind: str) -> Markup:
    return Markup(
        tag("text", _short(fault, 30), class_="name", x=2.0, y=top + 13.0)
        + tag("text", _short(f"{role} on {on}", 38), class_=kind, x=2.0, y=top + 27.0)
    )


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"


def _clip(f: Frame, x: float) -> float:
    return min(max(x, f.x0), f.x1)
