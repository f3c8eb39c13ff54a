"""The liquid arrives hotter: its vapour pressure eats the suction head."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump


class PumpHotLiquid:
    """The liquid is 70 K·s hotter than the water of the plant: from 20 °C to 90 °C."""

    kind: ClassVar[str] = "pump_hot_liquid"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalPump, severity: float, t_ns: int) -> None:
        """Set the liquid's rise of temperature."""
        target.condition.liquid_rise_k = 70.0 * severity
