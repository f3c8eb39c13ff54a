"""Aged DC-link capacitor: its ripple grows and reaches the motor."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.vfd import Vfd


class VfdCapacitorAgeing:
    """Capacitance ×(1 - 0.8 s); electrolytics count as worn out at 0.8 of their value, at 0.2 they are dry."""

    kind: ClassVar[str] = "vfd_capacitor_ageing"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("vfd",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Vfd, severity: float, t_ns: int) -> None:
        """Set what is left of the capacitance."""
        target.condition.capacitance_gain = 1.0 - 0.8 * severity
