"""Misaligned gears: the load runs on one edge of the teeth."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearMisalignment:
    """Mean stiffness -30 % · s, run-out of both gears, edges that meet twice per pitch, axial force."""

    kind: ClassVar[str] = "gear_misalignment"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set the misalignment."""
        target.condition.misalignment = severity
