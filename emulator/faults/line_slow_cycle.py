"""Slow cycle: a station takes up to 30 % longer for each part."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.packaging_line import PackagingLine


class LineSlowCycle:
    """Cycle time ×(1 + 0.3 s)."""

    kind: ClassVar[str] = "line_slow_cycle"
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
        target.condition.cycle_gain[index] = 1.0 + 0.3 * severity
