"""Fouled exchanger: a deposit insulates one side and narrows its gap."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.heat_exchanger import HeatExchanger

LARGEST_M2K_W = 4e-4


class ExchangerFouling:
    """R_f = 4e-4 s m² K/W on one side (a parameter); conductance falls, pressure drop grows as the gap closes."""

    kind: ClassVar[str] = "exchanger_fouling"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("heat_exchanger",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.side = parameters(self.kind, params, side="hot")["side"]
        if self.side not in ("hot", "cold"):
            raise ValueError(f"fault {self.kind}: side = {self.side!r} must be 'hot' or 'cold'")

    def apply(self, target: HeatExchanger, severity: float, t_ns: int) -> None:
        """Set the fouling resistance."""
        setattr(target.condition, f"{self.side}_fouling_m2k_w", LARGEST_M2K_W * severity)
