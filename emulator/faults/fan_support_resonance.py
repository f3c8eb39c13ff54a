"""Softened support: its frequency meets the speed of the fan."""

import math
from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanSupportResonance:
    """The stiffness falls until, at severity 1, the support's frequency is the rated speed."""

    kind: ClassVar[str] = "fan_support_resonance"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the stiffness of the support."""
        resonant = target.parameters.speed_rad_s / (2.0 * math.pi * target.parameters.support_hz)
        target.condition.support_stiffness_gain = 1.0 - severity * (1.0 - min(resonant**2, 1.0))
