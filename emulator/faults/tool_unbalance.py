"""Tool out of balance: a force that turns with the spindle."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle


class ToolUnbalance:
    """Balance grade G2.5 to G40 mm/s (ISO 21940-11), on a logarithmic scale; a line once per turn."""

    kind: ClassVar[str] = "tool_unbalance"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set the balance grade."""
        target.condition.unbalance_grade_mm_s = 2.5 * 16.0**severity
