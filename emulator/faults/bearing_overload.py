"""Overload or preload: the load P grows to 3 times, and the load zone to the whole ring."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing


class BearingOverload:
    """Severity is the excess load; friction, heat, life and the share of the turn that a spall is loaded follow."""

    kind: ClassVar[str] = "bearing_overload"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set the load and the load zone."""
        target.condition.load_factor = 1.0 + 2.0 * severity
        target.condition.zone_widening = severity
