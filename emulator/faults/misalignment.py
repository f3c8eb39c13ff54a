"""Misalignment of a coupling: offset and angle bend it once and twice per turn."""

import math
from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor


class Misalignment:
    """Severity is the offset (0.5 mm at 1) and the angle (0.3° at 1) between the shafts."""

    kind: ClassVar[str] = "misalignment"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, offset_mm=0.5, angle_deg=0.3)
        self.offset_m, self.angle_rad = 1e-3 * given["offset_mm"], math.radians(given["angle_deg"])
        if not (0.0 <= self.offset_m <= 5e-3 and 0.0 <= self.angle_rad <= math.radians(3.0)):
            raise ValueError(f"fault {self.kind}: offset_mm must lie in 0 … 5 and angle_deg in 0 … 3")

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set offset and angle."""
        target.condition.offset_m = self.offset_m * severity
        target.condition.angle_rad = self.angle_rad * severity
