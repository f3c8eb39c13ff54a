"""Resonance of the support: it weakens until its mode meets the running speed."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor


class SupportResonance:
    """Severity takes stiffness from the support, k·(1 − 0.94s): 100.7 Hz falls to 24.66 Hz, which is 1480 rpm."""

    kind: ClassVar[str] = "support_resonance"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        self.loss = float(parameters(self.kind, params, stiffness_loss=0.94)["stiffness_loss"])
        if not 0.0 <= self.loss <= 0.99:
            raise ValueError(f"fault {self.kind}: stiffness_loss = {self.loss:g} must lie in 0 … 0.99")

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set the share of stiffness that is gone."""
        target.condition.support_loss = self.loss * severity
