"""A torn diaphragm or low supply: the actuator fills slowly."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.control_valve import ControlValve


class ValveLowAir:
    """Filling rate ×(1 - 0.8 s); venting is as it was."""

    kind: ClassVar[str] = "valve_low_air"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("control_valve",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ControlValve, severity: float, t_ns: int) -> None:
        """Set how fast the actuator fills."""
        target.condition.fill_gain = 1.0 - 0.8 * severity
