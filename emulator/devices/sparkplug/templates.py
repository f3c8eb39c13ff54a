"""Templates: one definition per kind of asset in the node's birth, one instance per asset (Sparkplug 3.0 §6.4.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.devices.sparkplug.datatypes import DataType, held
from emulator.devices.sparkplug.metrics import MILLISECOND
from emulator.devices.sparkplug.payload import Metric, Template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.devices.sparkplug.node import EdgeNode

VERSION = "1.0"


def _kinds(node: EdgeNode) -> dict[str, str]:
    return {asset.id: asset.kind for asset in node.rig.assets}


def _members(node: EdgeNode) -> dict[str, dict[str, DataType]]:
    """Return the quantities and their types that any asset of a kind has, by kind."""
    members: dict[str, dict[str, DataType]] = {}
    kinds = _kinds(node)
    for metric in node.metrics.values():
        kind = kinds.get(metric.point.asset)
        if kind is not None and metric.point.waveform is None:
            members.setdefault(kind, {}).setdefault(metric.point.quantity, metric.type)
    return members


def definitions(node: EdgeNode) -> tuple[Metric, ...]:
    """Return a definition per kind of asset: what any of its instances may hold."""
    return tuple(
        Metric(
            kind, timestamp=node.now_ms, type=DataType.TEMPLATE,
            value=Template(tuple(Metric(name, type=of) for name, of in found.items()), (), VERSION, definition=True),
        )
        for kind, found in _members(node).items()
    )  # fmt: skip


def instances(node: EdgeNode, names: Iterable[str], *, whole: bool = False) -> dict[str | None, list[Metric]]:
    """Return, by device, an instance of each asset that one of these points belongs to, with their values.

    A `whole` one, as births need it, has every member of its definition: null where the asset has none (§6.4.13).
    """
    found: dict[tuple[str | None, str], list[Metric]] = {}
    kinds = _kinds(node)
    for name in names:
        metric, reading = node.metrics[name], node.image.readings.get(name)
        if metric.point.waveform is None and metric.point.asset in kinds:
            at_ms = node.now_ms if reading is None else reading.t_ns // MILLISECOND
            value = metric.commanded if reading is None else held(metric.type, reading.value)
            member = Metric(metric.point.quantity, None, at_ms, metric.type, value)
            found.setdefault((metric.device, metric.point.asset), []).append(member)
    out: dict[str | None, list[Metric]] = {}
    defined = _members(node) if whole else {}
    for (device, asset), members in found.items():
        there = {member.name for member in members}
        missing = [(name, of) for name, of in defined.get(kinds[asset], {}).items() if name not in there]
        members.extend(Metric(name, None, node.now_ms, of) for name, of in missing)
        value = Template(tuple(members), (), VERSION, kinds[asset])
        out.setdefault(device, []).append(Metric(f"{asset} instance", None, node.now_ms, DataType.TEMPLATE, value))
    return out
