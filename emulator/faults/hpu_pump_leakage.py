"""Worn pump: more of what it gives flows back inside."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_grades import PUMP, graded
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuPumpLeakage:
    """Leakage coefficient at its grades x1, x3 and x8 at s = 0, 0.5 and 1."""

    kind: ClassVar[str] = "hpu_pump_leakage"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.leak_factor = graded(severity, PUMP)
