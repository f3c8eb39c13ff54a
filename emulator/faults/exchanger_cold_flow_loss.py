"""Loss of coolant: strainer or valve lets less through the cold side."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.heat_exchanger import HeatExchanger


class ExchangerColdFlowLoss:
    """Cold flow ×(1 - 0.8 s) at the same supply pressure."""

    kind: ClassVar[str] = "exchanger_cold_flow_loss"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("heat_exchanger",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HeatExchanger, severity: float, t_ns: int) -> None:
        """Set what the cold side still passes."""
        target.condition.cold_flow_share = 1.0 - 0.8 * severity
