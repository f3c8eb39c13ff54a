"""A system throttled far below the best flow: the water turns back inside the impeller."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump


class PumpRecirculation:
    """A throttle behind the pump: the flow through the bare system curve would fall to (1 - 0.95 s)."""

    kind: ClassVar[str] = "pump_recirculation"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalPump, severity: float, t_ns: int) -> None:
        """Set the throttle in the discharge."""
        p = target.parameters
        share = 1.0 - 0.95 * severity
        target.condition.throttle_s2_m5 = p.head_m / p.flow_m3_s**2 * (1.0 / share**2 - 1.0)
