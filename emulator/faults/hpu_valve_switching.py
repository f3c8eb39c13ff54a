"""Weak solenoid: the spool moves late and not all the way."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_grades import VALVE, graded
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuValveSwitching:
    """Current of the spool at its grades 100, 90, 80 and 73 % at s = 0, 1/3, 2/3, 1: it moves less and later."""

    kind: ClassVar[str] = "hpu_valve_switching"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.valve_share = graded(severity, VALVE)
