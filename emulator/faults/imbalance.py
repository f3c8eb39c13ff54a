"""Unbalance beyond the healthy grade: G = 2.5·100^s mm/s (ISO 21940-11; G250 is the developed fault)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor, unbalance_grade_mm_s


class Imbalance:
    """Severity is the balance grade of the rotor; force and vibration follow with the square of speed."""

    kind: ClassVar[str] = "imbalance"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set the balance grade."""
        target.condition.unbalance_grade_mm_s = unbalance_grade_mm_s(severity)
