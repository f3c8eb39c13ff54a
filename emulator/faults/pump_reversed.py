"""Two phases swapped at the terminals: the impeller turns backwards."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump


class PumpReversed:
    """From any severity above 0 the impeller turns backwards: shut-off head ×0.6, efficiency ×0.5."""

    kind: ClassVar[str] = "pump_reversed"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalPump, severity: float, t_ns: int) -> None:
        """Set the phase order."""
        target.condition.phase_order = -1.0 if severity > 0.0 else 1.0
