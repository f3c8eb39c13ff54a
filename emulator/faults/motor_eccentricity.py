"""Eccentric rotor: the air gap is narrower on one side, at rest (static) or turning with the rotor (dynamic)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.induction_motor import InductionMotor
from emulator.physics.motor_asymmetry import SMALLEST_GAP


class MotorEccentricity:
    """Eccentricities ε_s = static·s and ε_d = dynamic·s of the air gap; together below 0.95 of it."""

    kind: ClassVar[str] = "motor_eccentricity"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("induction_motor",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, static=0.4, dynamic=0.2)
        self.static, self.dynamic = float(given["static"]), float(given["dynamic"])
        if min(self.static, self.dynamic) < 0.0 or not 0.0 < self.static + self.dynamic <= SMALLEST_GAP:
            raise ValueError(
                f"fault {self.kind}: static + dynamic = {self.static + self.dynamic:g} must be in (0, {SMALLEST_GAP}], "
                "shares of the air gap, neither negative; beyond, the rotor rubs"
            )

    def apply(self, target: InductionMotor, severity: float, t_ns: int) -> None:
        """Set both eccentricities."""
        target.condition.static_eccentricity = self.static * severity
        target.condition.dynamic_eccentricity = self.dynamic * severity
