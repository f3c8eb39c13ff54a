"""Cracked or lost blade: unbalance, and a blade pass that is modulated by the shaft."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanBladeCrack:
    """Severity 1 is a lost blade."""

    kind: ClassVar[str] = "fan_blade_crack"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the crack."""
        target.condition.blade_crack = severity
