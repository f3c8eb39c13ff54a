"""Blocked rotor: what is driven has jammed and the motor stands under voltage."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.induction_motor import InductionMotor


class MotorBlockedRotor:
    """Any severity above 0 holds the shaft still; the jam takes what moved.

    The motor takes its starting current until a trip or the heat ends it.
    """

    kind: ClassVar[str] = "motor_blocked_rotor"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("induction_motor",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: InductionMotor, severity: float, t_ns: int) -> None:
        """Block or free the rotor."""
        target.condition.blocked = severity > 0.0
