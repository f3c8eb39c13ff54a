"""Anti-surge valve that no longer opens as far as it should: the compressor surges when its flow is throttled."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_compressor import CentrifugalCompressor


class CompressorAntiSurgeValve:
    """Opening limited to 1 - s; below what the throttle asks for, flow and pressure fall into a limit cycle."""

    kind: ClassVar[str] = "compressor_anti_surge_valve"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_compressor",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: CentrifugalCompressor, severity: float, t_ns: int) -> None:
        """Set how far the valve can open."""
        target.condition.valve_limit = 1.0 - severity
