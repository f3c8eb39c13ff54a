"""Worn piston rings: gas blows by into the crankcase in proportion to the pressure difference."""

import math
from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor

LARGEST_SHARE = 0.20
FREE_AIR_KG_M3 = 1.19
BAR = 1e5


class CompressorRingLeak:
    """Blow-by of one throw that takes 20 % · s of its swept mass flow at 1 bar of difference."""

    kind: ClassVar[str] = "compressor_ring_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("reciprocating_compressor",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.throw = int(parameters(self.kind, params, throw=1.0)["throw"])

    def apply(self, target: ReciprocatingCompressor, severity: float, t_ns: int) -> None:
        """Set the blow-by of one throw."""
        p = target.parameters
        swept = FREE_AIR_KG_M3 * p.swept_m3 * p.speed_rad_s / (2.0 * math.pi)
        count = int(p.throws)
        if not 1 <= self.throw <= count:
            raise ValueError(f"fault {self.kind}: throw = {self.throw} must be in 1 … {count} of {target.name}")
        target.condition.ring_leak_kg_s_pa[self.throw - 1] = LARGEST_SHARE * swept / BAR * severity
