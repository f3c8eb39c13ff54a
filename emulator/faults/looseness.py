"""Looseness: a foot that lifts, softer up than down (bilinear support)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor


class Looseness:
    """Severity takes stiffness from the lifted support: 1 → 1 − 0.7s of the seated one."""

    kind: ClassVar[str] = "looseness"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        self.loss = float(parameters(self.kind, params, stiffness_loss=0.7)["stiffness_loss"])
        if not 0.0 <= self.loss <= 0.95:
            raise ValueError(f"fault {self.kind}: stiffness_loss = {self.loss:g} must lie in 0 … 0.95")

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set the share of stiffness that lifting takes."""
        target.condition.looseness = self.loss * severity
