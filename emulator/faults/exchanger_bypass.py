"""Leaking by-pass: part of the hot stream goes around the exchanger."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.heat_exchanger import HeatExchanger


class ExchangerBypass:
    """30 % · s of the hot flow goes around and joins again at the outlet."""

    kind: ClassVar[str] = "exchanger_bypass"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("heat_exchanger",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HeatExchanger, severity: float, t_ns: int) -> None:
        """Set the share that goes around."""
        target.condition.bypass_share = 0.3 * severity
