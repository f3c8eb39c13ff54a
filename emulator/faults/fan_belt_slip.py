"""Slack belt: less tension, so that it slips by up to 15 % at the design duty."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.fan import Fan


class FanBeltSlip:
    """The tension is that at which the belt slips by 1 + 14 s per cent at the design pull of the slowed fan."""

    kind: ClassVar[str] = "fan_belt_slip"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("fan",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Fan, severity: float, t_ns: int) -> None:
        """Set the tension."""
        slip = target.parameters.belt_creep + 0.14 * severity
        target.condition.tension_gain = target.tension_gain_for(slip) if severity > 0.0 else 1.0
