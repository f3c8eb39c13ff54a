"""A positioner that has lost its zero."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.control_valve import ControlValve


class ValvePositionerOffset:
    """Zero shifted by 10 % of travel times s, up or down."""

    kind: ClassVar[str] = "valve_positioner_offset"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("control_valve",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._opens: bool = parameters(self.kind, params, opens=True)["opens"]

    def apply(self, target: ControlValve, severity: float, t_ns: int) -> None:
        """Shift the zero of the positioner."""
        offset = 0.10 * severity if self._opens else -0.10 * severity
        target.condition.positioner_offset = offset if severity > 0.0 else 0.0
