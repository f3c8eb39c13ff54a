"""Lost pre-charge: the accumulator holds less gas and gives less oil at a peak."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_grades import PRECHARGE, graded
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuAccumulatorPrecharge:
    """Pre-charge at its grades 130, 115, 100 and 90 bar at s = 0, 1/3, 2/3 and 1, as shares of the sound one."""

    kind: ClassVar[str] = "hpu_accumulator_precharge"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        sound = target.parameters.precharge_pa
        target.condition.precharge_pa = sound * graded(severity, PRECHARGE) if severity > 0.0 else 0.0
