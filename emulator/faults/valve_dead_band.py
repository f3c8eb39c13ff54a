"""Lost motion between actuator and stem."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.control_valve import ControlValve


class ValveDeadBand:
    """Dead band 10 % of span times s, no jump."""

    kind: ClassVar[str] = "valve_dead_band"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("control_valve",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ControlValve, severity: float, t_ns: int) -> None:
        """Set the dead band."""
        target.condition.stick_band = 0.10 * severity
        target.condition.slip_jump = 0.0
