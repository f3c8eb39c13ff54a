"""Nodes and edges of a water network from the chains of a rig's pipe connections, and what cannot be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.check_valve import CheckValve
from emulator.physics.control_valve import ControlValve
from emulator.physics.junction import Junction, WaterMain
from emulator.physics.pipe import Pipe
from emulator.physics.tank import Tank

LIFT_TOLERANCE_M = 1e-6


@dataclass(slots=True)
class Node:
    """A place with one head. `asset` is None where two edges of a chain simply meet.

    `over` is the tank that a free outlet fills; `z_m` counts from the first tank or main of its `part`.
    """

    name: str
    asset: Tank | Junction | WaterMain | None = None
    over: str | None = None
    z_m: float | None = None
    part: str = ""


@dataclass(slots=True)
class Edge:
    """Something water passes, from a node to a node."""

    name: str
    asset: Any
    start: str
    end: str

    @property
    def lift_m(self) -> float:
        """Height of the end over the start [m]."""
        return self.asset.parameters.static_head_m if isinstance(self.asset, Pipe) else 0.0


@dataclass(slots=True)
class Layout:
    """The network as drawn; nodes in the order met, heights found."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[str, Edge] = field(default_factory=dict)


def lay_out(assets: Mapping[str, Any], chains: Sequence[Sequence[str]]) -> Layout:
    """Return the network of chains such as ``[tank1, suction1, pump1, node1]``.

    A chain begins and ends in a tank, a junction or a main; ``tank1.top`` ends above the water of a tank. What lies
    between passes water in the order written. Where two such assets meet there is a node ``first-second``.

    Raises
    ------
    ValueError
        A chain with a loose end, an asset in two places, a part without anything that holds its pressure, lifts that
        contradict each other, something that carries no water. The message names the assets and the way out.

    """
    layout = Layout()
    for chain in chains:
        _chain(assets, list(chain), layout)
    _heights(layout)
    return layout


def is_edge(asset: Any) -> bool:
    """Return whether water passes through the asset from one place to another."""
    known = (Pipe, CheckValve, ControlValve, CentrifugalPump)
    return isinstance(asset, known) or hasattr(asset, "resistance_s2_m5")


def _chain(assets: Mapping[str, Any], chain: list[str], layout: Layout) -> None:
    where = f"pipe {' - '.join(chain)}"
    for join in chain:
        name = join.partition(".")[0]
        if not (isinstance(assets[name], (Tank, Junction, WaterMain)) or is_edge(assets[name])):
            raise ValueError(f"{where}: {name!r} carries no water; join tanks, junctions, pipes, valves and pumps")
    for end in (chain[0], chain[-1]):
        if is_edge(assets[end.partition(".")[0]]):
            raise ValueError(f"{where}: {end!r} ends loose; end the chain in a tank, a junction or a water main")
    if chain[0].endswith(".top"):
        raise ValueError(f"{where}: nothing flows out of {chain[0]!r}, above the water; take the tank itself")
    here = _node(assets, chain[0], where, layout)
    for before, join, after in zip([*chain[:1], *chain], chain, chain[1:], strict=False):
        if join == chain[0] and before == join:
            waiting = None
        elif not is_edge(assets[join.partition(".")[0]]):
            here, waiting = _node(assets, join, where, layout), None
        else:
            waiting = join
        if waiting is None:
            if not is_edge(assets[after.partition(".")[0]]):
                raise ValueError(f"{where}: {join!r} and {after!r} meet with nothing between; put a pipe there")
            continue
        end = after if not is_edge(assets[after.partition(".")[0]]) else f"{waiting}-{after}"
        if waiting in layout.edges:
            raise ValueError(f"{where}: {waiting!r} lies in the network already; water passes an asset once")
        to = _node(assets, end, where, layout, waiting) if end == after else _meeting(end, layout)
        if to == here:
            raise ValueError(f"{where}: {waiting!r} leads from {here!r} back to it; join it to another node")
        layout.edges[waiting] = Edge(waiting, assets[waiting], here, to)
        here = to


def _meeting(name: str, layout: Layout) -> str:
    return layout.nodes.setdefault(name, Node(name)).name


def _node(assets: Mapping[str, Any], join: str, where: str, layout: Layout, by: str = "") -> str:
    name, _, port = join.partition(".")
    if port and not (port == "top" and isinstance(assets[name], Tank)):
        raise ValueError(f"{where}: there is no {join!r}; a tank has its bottom, {name!r}, and {name + '.top'!r}")
    layout.nodes.setdefault(name, Node(name, assets[name]))
    if not port:
        return name
    outlet = f"{join} of {by}"
    layout.nodes[outlet] = Node(outlet, None, name)
    return outlet


def _heights(layout: Layout) -> None:
    """Find the height of every node from the lifts; the first holder of pressure of each part stands at 0."""
    neighbours: dict[str, list[tuple[str, float, str]]] = {name: [] for name in layout.nodes}
    for edge in layout.edges.values():
        neighbours[edge.start].append((edge.end, edge.lift_m, edge.name))
        neighbours[edge.end].append((edge.start, -edge.lift_m, edge.name))
    for node in layout.nodes.values():
        if node.z_m is None and isinstance(node.asset, (Tank, WaterMain)):
            node.z_m, node.part = 0.0, node.name
            _spread(node.name, neighbours, layout)
    floating = [node.name for node in layout.nodes.values() if node.z_m is None]
    if floating:
        raise ValueError(
            f"pipes around {', '.join(floating[:4])}: nothing holds their pressure; join them to a tank or a water main"
        )
    for node in layout.nodes.values():
        if node.over is None or node.part != layout.nodes[node.over].part:
            continue
        tank = layout.nodes[node.over]
        assert node.z_m is not None and tank.z_m is not None and isinstance(tank.asset, Tank)  # noqa: PT018
        if node.z_m < tank.z_m + tank.asset.parameters.height_m - LIFT_TOLERANCE_M:
            raise ValueError(
                f"{node.name!r} ends {node.z_m - tank.z_m:g} m over the tank's bottom, below its rim at "
                f"{tank.asset.parameters.height_m:g} m; raise the pipe's static_head or join it to {tank.name!r} itself"
            )


def _spread(start: str, neighbours: dict[str, list[tuple[str, float, str]]], layout: Layout) -> None:
    waiting = [start]
    while waiting:
        here = waiting.pop()
        z = layout.nodes[here].z_m
        assert z is not None
        for there, lift, edge in neighbours[here]:
            node = layout.nodes[there]
            if node.z_m is None:
                node.z_m, node.part = z + lift, layout.nodes[here].part
                waiting.append(there)
            elif abs(node.z_m - z - lift) > LIFT_TOLERANCE_M:
                raise ValueError(
                    f"{edge!r} lifts water by {lift:g} m from {here!r} to {there!r}, where other ways say "
                    f"{node.z_m - z:g} m: a way around must come back to its height; correct a static_head"
                )
