"""Clogging pressure filter."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit


class HpuFilterClog:
    """Pressure drop at the same flow x(1 + 5 s)."""

    kind: ClassVar[str] = "hpu_filter_clog"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("hydraulic_power_unit",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HydraulicPowerUnit, severity: float, t_ns: int) -> None:
        """Set the condition of the part."""
        target.condition.clogging = 1.0 + 5.0 * severity
