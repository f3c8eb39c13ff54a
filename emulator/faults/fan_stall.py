"""A duct that is nearly shut drives the fan into stall."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanStall:
    """Resistance of the duct ×(1 + 11 s); below 60 % of the best flow the flow breaks away from the blades."""

    kind: ClassVar[str] = "fan_stall"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the resistance of the duct."""
        target.condition.duct_gain = 1.0 + 11.0 * severity
