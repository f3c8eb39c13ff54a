"""Swapped channels: two sensors of one device sit in each other's place."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain
from emulator.sensors.terminals import beside


class SensorSwappedChannels:
    """`with` is the point to change places with; the next one of the same sort in the device if it is not named."""

    kind: ClassVar[str] = "sensor_swapped_channels"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._with = str(parameters(self.kind, params, **{"with": ""})["with"])

    def check(self, target: Chain) -> None:
        """Refuse a sensor that stands alone, or a neighbour that is none."""
        beside(target, self._with, self.kind)

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Exchange the wires at any severity above 0."""
        target.condition.swapped_with = beside(target, self._with, self.kind) if severity > 0.0 else ""
