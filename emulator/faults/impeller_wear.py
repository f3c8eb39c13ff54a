"""Worn impeller and wear ring: less head, and water that leaks back to the suction side."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump


class ImpellerWear:
    """Shut-off head ×(1 - 0.15 s), ring leak 0.12 s Q_b √(H/H_b); flow, head and power fall together."""

    kind: ClassVar[str] = "impeller_wear"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalPump, severity: float, t_ns: int) -> None:
        """Set head gain, leak and wear of the pump."""
        target.condition.head_gain = 1.0 - 0.15 * severity
        target.condition.leak_m3_s = 0.12 * severity * target.parameters.flow_m3_s
        target.condition.wear = severity
