"""Leaking discharge valve of a reciprocating compressor: compressed gas comes back while it draws in."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor

LARGEST_SHARE = 0.012


class CompressorDischargeValveLeak:
    """A hole of 1.2 % · s of the valve's flow area in one closed discharge valve."""

    kind: ClassVar[str] = "compressor_discharge_valve_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("reciprocating_compressor",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.throw = int(parameters(self.kind, params, throw=1.0)["throw"])

    def apply(self, target: ReciprocatingCompressor, severity: float, t_ns: int) -> None:
        """Set the leak of one throw's discharge valve."""
        count = int(target.parameters.throws)
        if not 1 <= self.throw <= count:
            raise ValueError(f"fault {self.kind}: throw = {self.throw} must be in 1 … {count} of {target.name}")
        target.condition.discharge_leak_m2[self.throw - 1] = LARGEST_SHARE * target.parameters.valve_m2 * severity
