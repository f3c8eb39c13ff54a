"""The topology of a rig, drawn from its file: assets in the order in which media pass them, left to right."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from hil.pictures.sheet import sheet
from hil.report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rigs.schema import Rig

CROWD = 48
"""A rig of more assets than this is drawn with those that differ only by number as one."""

WIDTH, HEIGHT = 168.0, 58.0
GAP_X, GAP_Y = 52.0, 26.0
MARGIN = 36.0
FOLD = 5
"""A plant of more columns goes on below, as lines of a text do: otherwise its words would be too small to read."""

LANE = 5.0
WORDS = {
    "shaft": "shaft", "belt": "belt", "pipe": "pipe", "stream": "stream", "gas": "gas", "heat": "heat", "wire": "wire",
    "material": "parts", "control": "control", "mount": "mount",
}  # fmt: skip
DASHES = {"control": "2 4", "wire": "7 4", "belt": "10 3", "heat": "4 3"}


@dataclass(slots=True)
class _Node:
    name: str
    kind: str
    count: int = 1
    points: Counter[str] = field(default_factory=Counter)
    column: int = 0
    row: float = 0.0
    band: int = 0


def topology(rig: Rig) -> str:
    """Return the picture of a rig as the text of an SVG file."""
    merged = {asset.id: _merged(asset.id) if len(rig.assets) > CROWD else asset.id for asset in rig.assets}
    nodes: dict[str, _Node] = {}
    for asset in rig.assets:
        name = merged[asset.id]
        if name in nodes:
            nodes[name].count += 1
        else:
            nodes[name] = _Node(name, asset.kind)
    for point in rig.points:
        if point.asset in merged:
            nodes[merged[point.asset]].points[point.device] += 1
    edges = _edges(rig, merged)
    _columns(nodes, edges)
    _rows(nodes, edges)
    return _picture(rig, nodes, edges)


def _merged(name: str) -> str:
    return re.sub(r"\d+", "…", name)


def _edges(rig: Rig, merged: dict[str, str]) -> list[tuple[str, str, str]]:
    found: dict[tuple[str, str, str], None] = {}
    for connection in rig.connections:
        for before, after in pairwise(connection.assets):
            one, two = merged[before], merged[after]
            if one != two:
                found[connection.kind, one, two] = None
    return list(found)


def _columns(nodes: dict[str, _Node], edges: list[tuple[str, str, str]]) -> None:
    """Longest way from the left; an edge that would lead back in a circle does not push."""
    follow = defaultdict(list)
    for _, one, two in edges:
        follow[one].append(two)
    state: dict[str, int] = {}
    order: list[str] = []
    back: set[tuple[str, str]] = set()

    def visit(start: str) -> None:
        stack = [(start, iter(follow[start]))]
        state[start] = 1
        while stack:
            name, rest = stack[-1]
            for after in rest:
                if state.get(after) == 1:
                    back.add((name, after))
                elif after not in state:
                    state[after] = 1
                    stack.append((after, iter(follow[after])))
                    break
            else:
                state[name] = 2
                order.append(name)
                stack.pop()

    for name in nodes:
        if name not in state:
            visit(name)
    for name in reversed(order):
        for after in follow[name]:
            if (name, after) not in back:
                nodes[after].column = max(nodes[after].column, nodes[name].column + 1)
    entered = {after for _, one, after in edges if (one, after) not in back}
    for name, node in nodes.items():  # what nothing leads to stands just before what it leads to
        ahead = [nodes[after].column for after in follow[name] if (name, after) not in back]
        if name not in entered and ahead:
            node.column = min(ahead) - 1


def _rows(nodes: dict[str, _Node], edges: list[tuple[str, str, str]]) -> None:
    """Neighbours near each other: rows follow the mean of the neighbours' rows, a few rounds."""
    beside: dict[str, list[str]] = defaultdict(list)
    for _, one, two in edges:
        beside[one].append(two)
        beside[two].append(one)
    columns: dict[int, list[str]] = defaultdict(list)
    for name, node in nodes.items():
        columns[node.column].append(name)
    # Assets that nothing joins would stretch the first column: they stand in a grid of their own at the end.
    lone = [name for name in columns.get(0, []) if not beside[name]]
    columns[0] = [name for name in columns.get(0, []) if beside[name]]
    for names in columns.values():
        for row, name in enumerate(names):
            nodes[name].row = float(row)
    for _ in range(6):
        for names in columns.values():
            names.sort(key=lambda name: (_mean(nodes[n].row for n in beside[name]), nodes[name].row))
            for row, name in enumerate(names):
                nodes[name].row = float(row)
    for node in nodes.values():
        node.band, node.column = divmod(node.column, FOLD)
    last = max((nodes[name].band for names in columns.values() for name in names), default=-1)
    for index, name in enumerate(lone):
        nodes[name].band, nodes[name].column, nodes[name].row = last + 1, index % FOLD, float(index // FOLD)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _picture(rig: Rig, nodes: dict[str, _Node], edges: list[tuple[str, str, str]]) -> str:
    columns = max(node.column for node in nodes.values()) + 1
    width = max(2 * MARGIN + columns * WIDTH + (columns - 1) * GAP_X + 30.0, 560.0)
    far = [edge for edge in edges if _far(nodes[edge[1]], nodes[edge[2]])]
    tops, channels, foot = [], [], MARGIN + 28.0
    for band in range(max(node.band for node in nodes.values()) + 1):
        rows = max((node.row for node in nodes.values() if node.band == band), default=0.0) + 1
        tops.append(foot)
        channels.append(foot + rows * HEIGHT + (rows - 1) * GAP_Y + 10.0)
        foot = channels[-1] + LANE * sum(nodes[one].band == band for _, one, _ in far) + 12.0
    foot += 12.0
    devices = -(-len(rig.devices) // max(int((width - 2 * MARGIN) // 300.0), 1))
    height = foot + 40.0 + 18.0 * devices
    parts = [tag("text", rig.title or rig.rig, class_="head", x=MARGIN, y=MARGIN + 4.0)]
    used: Counter[int] = Counter()
    for kind, one, two in edges:
        lane = used[nodes[one].band] if _far(nodes[one], nodes[two]) else 0
        used[nodes[one].band] += _far(nodes[one], nodes[two])
        parts.append(
            _edge(nodes[one], nodes[two], kind, tops, channels[nodes[one].band] + LANE * lane, sum(used.values()))
        )
    parts += [_box(node, tops) for node in nodes.values()]
    parts.append(_legend([k for k in WORDS if any(k == kind for kind, _, _ in edges)], foot))
    parts.append(_devices(rig, foot + 30.0, width))
    alt = f"Topology of {rig.rig}: {len(rig.assets)} assets, {len(rig.connections)} connections"
    return sheet(width, height, alt, *parts)


def _far(one: _Node, two: _Node) -> bool:
    """Whether boxes stand between, so that the line has to go around below the band of `one`."""
    if one.band != two.band:
        return True
    return two.column != one.column + 1 and not (two.column == one.column and abs(two.row - one.row) < 1.5)


def _corner(node: _Node, tops: list[float]) -> tuple[float, float]:
    return MARGIN + node.column * (WIDTH + GAP_X), tops[node.band] + node.row * (HEIGHT + GAP_Y)


def _box(node: _Node, tops: list[float]) -> Markup:
    x, y = _corner(node, tops)
    counted = f"{node.name} ×{node.count}" if node.count > 1 else node.name
    kind = node.kind.replace("_", " ")
    devices = sorted(node.points.items())
    points = " · ".join(f"{_short(device, 11)} {n}" for device, n in devices[:2]) or "no points"
    points += f" · +{len(devices) - 2}" if len(devices) > 2 else ""
    return tag(
        "g",
        tag("rect", class_="box", x=x, y=y, width=WIDTH, height=HEIGHT, rx=7.0),
        tag("text", _short(counted, 22), class_="name", x=x + 10.0, y=y + 19.0),
        tag("text", _short(kind, 26), x=x + 10.0, y=y + 34.0),
        tag("text", points, x=x + 10.0, y=y + 49.0),
    )


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _edge(one: _Node, two: _Node, kind: str, tops: list[float], channel: float, lane: int) -> Markup:
    # Parallel connections of two assets would lie on one another: each medium has a height of its own.
    shift = (list(WORDS).index(kind) - 4) * 4.0
    (x0, y0), (x1, y1) = _corner(one, tops), _corner(two, tops)
    y0, y1 = y0 + 0.5 * HEIGHT + shift, y1 + 0.5 * HEIGHT + shift
    if _far(one, two):
        # out to the right, down into the free space below the band, along it, and in from the left
        out, enter = x0 + WIDTH + 8.0 + LANE * (lane % 5), x1 - 8.0 - LANE * (lane % 5)
        corners = [(x0 + WIDTH, y0), (out, y0), (out, channel), (enter, channel), (enter, y1), (x1, y1)]
        d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
    elif two.column > one.column:
        a, b = x0 + WIDTH, x1
        bend = 0.5 * (b - a)
        d = f"M{a:.1f} {y0:.1f}C{a + bend:.1f} {y0:.1f} {b - bend:.1f} {y1:.1f} {b:.1f} {y1:.1f}"
    else:
        side = x0 + WIDTH
        d = f"M{side:.1f} {y0:.1f}C{side + 34:.1f} {y0:.1f} {side + 34:.1f} {y1:.1f} {side:.1f} {y1:.1f}"
    style = f"stroke: var(--{kind})"
    return tag("path", class_="edge", d=d, style=style, stroke_dasharray=DASHES.get(kind), stroke_linejoin="round")


def _legend(kinds: list[str], y: float) -> Markup:
    parts = []
    for index, kind in enumerate(kinds):
        x = MARGIN + 92.0 * index
        line = {"class_": "edge", "style": f"stroke: var(--{kind})", "stroke_dasharray": DASHES.get(kind)}
        parts.append(tag("line", x1=x, x2=x + 28.0, y1=y, y2=y, **line))
        parts.append(tag("text", WORDS[kind], x=x + 34.0, y=y + 4.0))
    return tag("g", *parts)


def _devices(rig: Rig, y: float, width: float) -> Markup:
    per_row = max(int((width - 2 * MARGIN) // 300.0), 1)
    counts = Counter(point.device for point in rig.points)
    parts = []
    for index, device in enumerate(rig.devices):
        at = {"x": MARGIN + 300.0 * (index % per_row), "y": y + 18.0 * (index // per_row)}
        said = f"{device.id}: {device.protocol}, {counts[device.id]} points, {device.title}"
        parts.append(tag("text", _short(said, 50), **at))
    return tag("g", *parts)
