"""A stiff spot in the belt strikes once per turn of the belt."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanBeltDamage:
    """The force at the belt's frequency and its harmonics grows with severity."""

    kind: ClassVar[str] = "fan_belt_damage"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the stiff spot."""
        target.condition.belt_spot = severity
