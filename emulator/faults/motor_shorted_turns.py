"""Shorted turns in phase a: a loop with little resistance takes its current from the field and burns."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.induction_motor import InductionMotor


class MotorShortedTurns:
    """µ = 0.05 s of phase a is closed through r_f = 10·(1 - s)⁸ Ω (Bachir et al. 2006).

    Insulation fails over orders of magnitude, hence the power: at s = 0.5 the loop is 39 mΩ and carries more than the
    line, at s = 1 it is dead.
    """

    kind: ClassVar[str] = "motor_shorted_turns"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("induction_motor",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: InductionMotor, severity: float, t_ns: int) -> None:
        """Set the share of shorted turns and what closes them."""
        target.condition.shorted_turns = 0.05 * severity
        target.condition.short_resistance_ohm = 10.0 * (1.0 - severity) ** 8 if severity > 0.0 else 0.0
