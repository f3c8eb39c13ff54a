"""A check valve whose disc does not seat."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.check_valve import CheckValve


class CheckValveStuckOpen:
    """The share s of the section stays open against the flow."""

    kind: ClassVar[str] = "check_valve_stuck_open"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("check_valve",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CheckValve, severity: float, t_ns: int) -> None:
        """Set what stays open."""
        target.condition.stuck_open = severity
