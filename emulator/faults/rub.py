"""Rub: the clearance of a seal closes, c·(1 − s), until the shaft touches."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor


class Rub:
    """Severity is the share of the clearance that is gone; contact force and friction torque follow from the motion."""

    kind: ClassVar[str] = "rub"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set the share of the clearance that is gone."""
        target.condition.rub_closure = severity
