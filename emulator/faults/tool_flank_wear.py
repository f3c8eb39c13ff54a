"""Flank wear beyond what the edge's life explains: force, current and heat rise."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle


class ToolFlankWear:
    """VB + 0.4 mm · s; the force goes with 1 + 1.5·VB/0.3 mm."""

    kind: ClassVar[str] = "tool_flank_wear"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set the added wear."""
        target.condition.added_wear_m = 0.4e-3 * severity
