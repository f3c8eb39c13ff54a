"""Chatter: the cut is so deep that the tool's vibration feeds itself through the chips."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.spindle import Spindle

DEEPEST = 1.6


class SpindleChatter:
    """Depth of cut from the programmed one to 1.6 times the limit at this speed; it begins where b/b_lim passes 1."""

    kind: ClassVar[str] = "spindle_chatter"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("spindle",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Spindle, severity: float, t_ns: int) -> None:
        """Set the depth of cut."""
        p = target.parameters.cut
        if severity == 0.0 or p.depth_m <= 0.0:
            target.condition.depth_gain = 1.0
            return
        beyond = max(DEEPEST * target.stability_limit_m() / p.depth_m, 1.0)
        target.condition.depth_gain = 1.0 + severity * (beyond - 1.0)
