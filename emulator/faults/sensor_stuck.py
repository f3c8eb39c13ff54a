"""Stuck: a frozen code in transport, or a frozen element whose noise goes on; two different faults."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain


class SensorStuck:
    """`at` is "transport" (the last code is repeated) or "element" (the physical value stands still)."""

    kind: ClassVar[str] = "sensor_stuck"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._at = parameters(self.kind, params, at="transport")["at"]
        if self._at not in ("transport", "element"):
            raise ValueError(f"fault {self.kind}: at = {self._at!r} must be 'transport' or 'element'")

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Freeze the chain at any severity above 0."""
        target.condition.stuck = self._at if severity > 0.0 else None
