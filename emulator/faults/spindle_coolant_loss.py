"""Coolant lost: edges wear faster and the spindle grows hot."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle


class SpindleCoolantLoss:
    """C_T of V·T^n -30 % · s, cooling of the front bearing -50 % · s."""

    kind: ClassVar[str] = "spindle_coolant_loss"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set Taylor's constant and the cooling."""
        target.condition.taylor_gain = 1.0 - 0.3 * severity
        target.condition.cooling_gain = 1.0 - 0.5 * severity
