"""Broken rotor bars: the cage is no longer alike all round, and the current shows lines at (1±2s)f₁."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.induction_motor import InductionMotor


class MotorBrokenBars:
    """One equivalent rotor phase has ΔR = R_r·3n/(N_b - 3n) more, n = bars·s (Bellini, Filippetti et al.)."""

    kind: ClassVar[str] = "motor_broken_bars"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("induction_motor",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.bars = float(parameters(self.kind, params, bars=1.0)["bars"])
        if self.bars <= 0.0:
            raise ValueError(f"fault {self.kind}: bars = {self.bars:g} must be more than 0")

    def check(self, target: InductionMotor) -> None:
        """Refuse a third of the bars or more: the equivalent phase would be open."""
        if 3.0 * self.bars >= target.parameters.rotor_bars:
            raise ValueError(
                f"fault {self.kind}: bars = {self.bars:g} must be less than a third of the motor's "
                f"{target.parameters.rotor_bars} rotor bars"
            )

    def apply(self, target: InductionMotor, severity: float, t_ns: int) -> None:
        """Set how many bars are broken."""
        target.condition.broken_bars = self.bars * severity
