"""Soft foot: one foot does not stand, the frame bends and the air gap with it."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rotor import TARGETS, Rotor


class SoftFoot:
    """Severity is the pull at twice the line frequency (60 N at 1) and the load on the bearings (100 N at 1)."""

    kind: ClassVar[str] = "soft_foot"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = TARGETS

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Rotor, severity: float, t_ns: int) -> None:
        """Set pull and distortion."""
        target.condition.soft_foot_n = 60.0 * severity
        target.condition.distortion_n = 100.0 * severity
