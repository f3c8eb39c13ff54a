"""Dirt on the blades: unbalance up to that of G100, which falls off in lumps."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanBladeDeposit:
    """The deposit's unbalance is severity × that of grade G100, beside the rotor's own; it sheds and grows back."""

    kind: ClassVar[str] = "fan_blade_deposit"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the deposit."""
        target.condition.deposit = severity
