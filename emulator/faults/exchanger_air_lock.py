"""Air in the hot side: part of the surface is dry and the flow unsteady."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.heat_exchanger import HeatExchanger


class ExchangerAirLock:
    """Hot film ×(1 - 0.7 s); pockets of air come and go and make the flow wander."""

    kind: ClassVar[str] = "exchanger_air_lock"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("heat_exchanger",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HeatExchanger, severity: float, t_ns: int) -> None:
        """Set the share of surface under air."""
        target.condition.air_share = 0.7 * severity
