"""Crack in the root of one pinion tooth: it gives way each time it carries."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearToothCrack:
    """The tooth loses 5 % of its stiffness just after onset to 60 %; a burst once per turn of the pinion."""

    kind: ClassVar[str] = "gear_tooth_crack"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set the crack."""
        target.condition.crack = 0.05 + 0.55 * severity if severity > 0.0 else 0.0
