"""Air drawn in on the suction side: less head, a lighter mixture, surging flow."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump


class PumpAirIngress:
    """Gas volume fraction 0.1·s at the eye; the head falls by six times the fraction."""

    kind: ClassVar[str] = "pump_air_ingress"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalPump, severity: float, t_ns: int) -> None:
        """Set the gas fraction at the eye."""
        target.condition.gas_fraction = 0.1 * severity
