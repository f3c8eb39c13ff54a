"""Bent shaft or thermal bow: a pull once per turn that does not grow with speed."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor


class BentShaft:
    """Severity is the bow (0.05 mm at 1); its direction goes round slowly, as heat wanders (period 0: it stays)."""

    kind: ClassVar[str] = "bent_shaft"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, bow_mm=0.05, period_s=1800.0)
        self.bow_m, self.period_s = 1e-3 * given["bow_mm"], float(given["period_s"])
        if not (0.0 <= self.bow_m <= 1e-3 and self.period_s >= 0.0):
            raise ValueError(f"fault {self.kind}: bow_mm must lie in 0 … 1, and period_s must not be negative")

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set bow and period."""
        target.condition.bow_m = self.bow_m * severity
        target.condition.bow_period_s = self.period_s if severity > 0.0 else 0.0
