"""Spall on a ball: w = 0.2·20^s mm, struck against both races, twice per spin."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing, spall_width_mm


class BearingBall:
    """Severity is the width of the spall; its line is 2×BSF, modulated as the cage carries it through the load zone."""

    kind: ClassVar[str] = "bearing_ball"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set the width of the spall."""
        target.condition.ball_spall_mm = spall_width_mm(severity)
