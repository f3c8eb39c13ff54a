"""A stem that sticks in its packing and jumps when it comes free."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.control_valve import ControlValve


class ValveStiction:
    """Stick band 10 % of span times s, slip jump 0.6 of it."""

    kind: ClassVar[str] = "valve_stiction"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("control_valve",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ControlValve, severity: float, t_ns: int) -> None:
        """Set stick band and slip jump."""
        target.condition.stick_band = 0.10 * severity
        target.condition.slip_jump = 0.06 * severity
