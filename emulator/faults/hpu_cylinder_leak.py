"""Worn piston seal: oil crosses from one chamber of the cylinder to the other."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuCylinderLeak:
    """A hole of 1.2 mm · s across the piston."""

    kind: ClassVar[str] = "hpu_cylinder_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.piston_hole_m = 0.0012 * severity
