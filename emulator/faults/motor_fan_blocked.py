"""Blocked motor fan: the frame gives less heat to the air and the winding grows hot."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.induction_motor import InductionMotor


class MotorFanBlocked:
    """Frame-to-air conductance ×(1 - 0.6 s).

    The winding's rise at the skid's load goes from 45.9 to 96.5 K.
    """

    kind: ClassVar[str] = "motor_fan_blocked"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("induction_motor",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: InductionMotor, severity: float, t_ns: int) -> None:
        """Set the blockage of the fan."""
        target.condition.fan_blockage = severity
