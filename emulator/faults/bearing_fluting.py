"""Fluting: bearing currents have burnt a washboard into the outer race."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingCondition

HEALTHY = RollingBearingCondition()


class BearingFluting:
    """Severity is the width of a ridge, 0.1·10^s mm."""

    kind: ClassVar[str] = "bearing_fluting"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.pitch_mm = float(parameters(self.kind, params, pitch_mm=HEALTHY.flute_pitch_mm)["pitch_mm"])
        if not 0.2 <= self.pitch_mm <= 20.0:
            raise ValueError(f"fault {self.kind}: pitch_mm = {self.pitch_mm:g} must lie in 0.2 … 20")

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set width and pitch of the ridges."""
        target.condition.flute_mm = 0.1 * 10.0**severity if severity > 0.0 else 0.0
        target.condition.flute_pitch_mm = self.pitch_mm if severity > 0.0 else HEALTHY.flute_pitch_mm
