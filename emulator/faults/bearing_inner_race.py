"""Inner-race spall: w = 0.2·20^s mm on the race that turns with the shaft, through the load zone."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing, spall_width_mm


class BearingInnerRace:
    """Severity is the width of the spall; its impacts are modulated at shaft speed."""

    kind: ClassVar[str] = "bearing_inner_race"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set the width of the inner-race spall."""
        target.condition.inner_spall_mm = spall_width_mm(severity)
