"""Broken cage: one knock per turn of the cage, w = 0.2·20^s mm."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing, spall_width_mm


class BearingCage:
    """Severity is the width of the damage, as for a spall; its line is FTF."""

    kind: ClassVar[str] = "bearing_cage"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set the width of the damage."""
        target.condition.cage_spall_mm = spall_width_mm(severity)
