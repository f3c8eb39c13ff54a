"""Worn plug and seat: more flow at every travel, and a leak when shut."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.control_valve import ControlValve


class ValveTrimErosion:
    """K_vs ×(1 + 0.3 s), leak 5 % of K_vs times s when shut."""

    kind: ClassVar[str] = "valve_trim_erosion"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("control_valve",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ControlValve, severity: float, t_ns: int) -> None:
        """Set gain and leak of the trim."""
        target.condition.trim_gain = 1.0 + 0.3 * severity
        target.condition.leak_share = 0.05 * severity
