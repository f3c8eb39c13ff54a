"""A worn mechanical seal: an orifice from the casing to the drain."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump


class PumpSealLeak:
    """Bore 5 mm·s at the seal; the pot of barrier liquid drains beside it."""

    kind: ClassVar[str] = "pump_seal_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalPump, severity: float, t_ns: int) -> None:
        """Set the bore of the leak."""
        target.condition.seal_bore_m = 0.005 * severity
