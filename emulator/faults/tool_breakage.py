"""One tooth chipped or broken: it leaves its chip to the next."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle


class ToolBreakage:
    """The tooth stands back by s times the feed per tooth, the thickest chip there is; a line once per turn."""

    kind: ClassVar[str] = "tool_breakage"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set by how much the tooth stands back."""
        target.condition.broken_m = target.parameters.cut.feed_per_tooth_m * severity
