"""Fouled oil cooler or a stopped fan: less heat leaves and the oil thins."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_grades import COOLER, graded
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuCooler:
    """Duty of the cooler at its grades 100, 20 and 3 % of the sound one at s = 0, 0.5 and 1."""

    kind: ClassVar[str] = "hpu_cooler"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.cooler_share = graded(severity, COOLER)
