"""Worn crosshead pin: the rod knocks where its load turns round."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor

LARGEST_M = 0.5e-3


class CompressorRodKnock:
    """A clearance of 0.5 mm · s that one throw's rod crosses at each reversal of its load."""

    kind: ClassVar[str] = "compressor_rod_knock"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("reciprocating_compressor",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.throw = int(parameters(self.kind, params, throw=1.0)["throw"])

    def apply(self, target: ReciprocatingCompressor, severity: float, t_ns: int) -> None:
        """Set the clearance of one throw."""
        count = int(target.parameters.throws)
        if not 1 <= self.throw <= count:
            raise ValueError(f"fault {self.kind}: throw = {self.throw} must be in 1 … {count} of {target.name}")
        target.condition.knock_clearance_m[self.throw - 1] = LARGEST_M * severity
