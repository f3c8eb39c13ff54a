"""Lubrication loss: κ from 2 to 0.1, friction ×(1 + 4s), metal touches metal."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.bearing_parameters import DRY_FILM, HEALTHY_FILM
from emulator.physics.rolling_bearing import RollingBearing


class BearingLubrication:
    """Severity is how far the film has gone; noise of asperities, heat and life follow."""

    kind: ClassVar[str] = "bearing_lubrication"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set the viscosity ratio and the friction."""
        target.condition.viscosity_ratio = HEALTHY_FILM * (DRY_FILM / HEALTHY_FILM) ** severity
        target.condition.friction_factor = 1.0 + 4.0 * severity
