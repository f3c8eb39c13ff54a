"""Air in the oil: it gives way more under pressure."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuAirInOil:
    """Bulk modulus down to a fifth, divided by 1 + 4 s."""

    kind: ClassVar[str] = "hpu_air_in_oil"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.softness = 1.0 + 4.0 * severity
