"""Play in the feed axis: the table stands still while the drive turns back."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle


class SpindleBacklash:
    """Lost motion + 30 µm · s at every reversal."""

    kind: ClassVar[str] = "spindle_backlash"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set the added play."""
        target.condition.added_play_m = 30e-6 * severity
