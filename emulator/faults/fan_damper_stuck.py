"""The damper stays where it is."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanDamperStuck:
    """Any severity above 0 holds the damper."""

    kind: ClassVar[str] = "fan_damper_stuck"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Hold or free the damper."""
        target.condition.damper_stuck = 1.0 if severity > 0.0 else 0.0
