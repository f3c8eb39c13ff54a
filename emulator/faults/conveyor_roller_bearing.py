"""Roller bearing of a conveyor: one roller drags up to twenty times as much."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.packaging_line import PackagingLine


class ConveyorRollerBearing:
    """Drag of one roller + 20 s times its own; it grows hot."""

    kind: ClassVar[str] = "conveyor_roller_bearing"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("packaging_line",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, station="")
        self._station = str(given["station"])

    def check(self, target: PackagingLine) -> None:
        """Refuse a station that the line does not have; asked before the fault is configured."""
        target.station(self._station)

    def apply(self, target: PackagingLine, severity: float, t_ns: int) -> None:
        """Set the station's condition."""
        index = target.station(self._station)
        target.belts[index].condition.roller_drag = 20.0 * severity
