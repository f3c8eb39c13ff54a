"""Fouled oil cooler of a screw compressor: its heat stays in the oil."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.screw_compressor import ScrewCompressor


class CompressorOilCoolerFouling:
    """Conductance of the cooler ×(1 - 0.7 s); oil and discharge temperature rise, to the trip at 105 °C."""

    kind: ClassVar[str] = "compressor_oil_cooler_fouling"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("screw_compressor",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ScrewCompressor, severity: float, t_ns: int) -> None:
        """Set the gain of the cooler's conductance."""
        target.condition.cooler_gain = 1.0 - 0.7 * severity
