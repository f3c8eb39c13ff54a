"""Jams: a station fails more often while it works."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.packaging_line import PackagingLine


class LineJams:
    """Probability of failing per cycle ×(1 + 9 s)."""

    kind: ClassVar[str] = "line_jams"
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
        target.condition.jam_gain[index] = 1.0 + 9.0 * severity
