"""Creeping relief valve: its spring gives way and it opens early."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuReliefCreep:
    """Set point x(1 - 0.2 s)."""

    kind: ClassVar[str] = "hpu_relief_creep"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.relief_share = 1.0 - 0.2 * severity
