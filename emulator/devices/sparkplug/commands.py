"""What a host may tell an edge node: node control, and writes to points, checked for type and range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from emulator.devices.sparkplug.datatypes import DataType
from emulator.devices.sparkplug.metrics import MILLISECOND

if TYPE_CHECKING:
    from emulator.devices.sparkplug.metrics import PointMetric
    from emulator.devices.sparkplug.node import EdgeNode
    from emulator.devices.sparkplug.payload import Metric, Payload

SLOWEST_MS: Final = 60_000
REBIRTH: Final = "Node Control/Rebirth"
NEXT_SERVER: Final = "Node Control/Next Server"
SCAN_RATE: Final = "Node Control/Scan Rate"
_CONTROL: Final = {2: NEXT_SERVER, 3: SCAN_RATE}


class Commands:
    """Carries out commands; what it refuses it counts and says nothing about, as Sparkplug has no answers.

    Attributes
    ----------
    rebirth
        Whether births are due at the next scan.
    refused
        Commands not carried out.

    """

    def __init__(self, node: EdgeNode) -> None:
        self.rebirth = False
        self.refused = 0
        self._node = node
        metrics = node.metrics.values()
        self._names = {(metric.device, metric.name): metric for metric in metrics}
        self._aliases: dict[int, PointMetric] = {}
        self.learn()

    def learn(self) -> None:
        """Take the metrics' aliases as they are now."""
        metrics = self._node.metrics.values()
        self._aliases = {metric.alias: metric for metric in metrics if metric.alias is not None}

    def forget(self) -> None:
        """Lose what was asked for, with the power."""
        self.rebirth = False

    def take(self, payload: Payload, device: str | None) -> None:
        """Carry out each metric of a command to the node, or to one of its devices."""
        for metric in payload.metrics:
            name = metric.name
            if name is None and device is None:
                name = _CONTROL.get(metric.alias or 0)
            if device is None and (name == REBIRTH or name in _CONTROL.values()):
                self._control(name, metric.value)
                continue
            found = (
                self._aliases.get(metric.alias or 0) if metric.name is None else self._names.get((device, metric.name))
            )
            if found is None or found.device != device or not self._write(found, metric):
                self.refused += 1

    def _control(self, name: str | None, value: Any) -> None:
        node = self._node
        if name == REBIRTH and value is True:
            if not node.wrong.ignores_rebirth():
                self.rebirth = True
                node.timers.answer(0.0, node.answer_rebirth)
        elif name == SCAN_RATE and type(value) is int and 0 <= value <= SLOWEST_MS:
            node.period_ns = value * MILLISECOND
            node.answer_scan_rate()
        else:
            # There is no other server to go to.
            self.refused += 1

    def _write(self, found: PointMetric, metric: Metric) -> bool:
        """Queue a write for the plant; False if it may not be, is of the wrong type, or out of range."""
        point, value = found.point, metric.value
        if point.write is None or (metric.type is not None and metric.type is not found.type):
            return False
        if not _fits(found, value):
            return False
        found.commanded = value
        self._node.image.write(point.id, value)
        return True


def _fits(found: PointMetric, value: Any) -> bool:
    """Whether a value is of the metric's kind and in the point's range."""
    if found.type is DataType.BOOLEAN:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return False
    return found.point.range[0] <= value <= found.point.range[1]
