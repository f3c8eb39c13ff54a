"""Clogged intake filter: the compressor draws thinner air and compresses it further."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_compressor import CentrifugalCompressor
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor
from emulator.physics.screw_compressor import ScrewCompressor

LARGEST_PA = 8000.0


class CompressorInletFilter:
    """An extra drop of 8 kPa · s at rated flow; free air delivery falls, work per cubic metre rises."""

    kind: ClassVar[str] = "compressor_inlet_filter"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("screw_compressor", "reciprocating_compressor", "centrifugal_compressor")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(
        self, target: ScrewCompressor | ReciprocatingCompressor | CentrifugalCompressor, severity: float, t_ns: int
    ) -> None:
        """Set the extra drop of the filter."""
        target.condition.filter_drop_pa = LARGEST_PA * severity
