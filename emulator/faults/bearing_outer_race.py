"""Outer-race spall: w = 0.2·20^s mm on the standing race (McFadden & Smith 1984)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing, spall_width_mm


class BearingOuterRace:
    """Severity is the width of the spall; impacts, lines and heat follow from it."""

    kind: ClassVar[str] = "bearing_outer_race"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set the width of the outer-race spall."""
        target.condition.outer_spall_mm = spall_width_mm(severity)
