"""Leaking tube or plate: liquid crosses from the side of higher pressure to the other."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.heat_exchanger import HeatExchanger

LARGEST_M = 0.003


class ExchangerTubeLeak:
    """A hole of 3 mm · s between the streams."""

    kind: ClassVar[str] = "exchanger_tube_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("heat_exchanger",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HeatExchanger, severity: float, t_ns: int) -> None:
        """Set the diameter of the hole."""
        target.condition.leak_diameter_m = LARGEST_M * severity
