"""The draw-bar clamps the tool less: holder and nose give way."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle


class SpindleDrawbarLoss:
    """Stiffness of the tool -40 % · s; its natural frequency falls with the root, and the limit of chatter with it."""

    kind: ClassVar[str] = "spindle_drawbar_loss"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set the stiffness."""
        target.condition.stiffness_gain = 1.0 - 0.4 * severity
