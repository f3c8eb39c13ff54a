"""Scale error: the gain falls to (1 − 0.3·severity)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain


class SensorScale:
    """`share` is the part of the gain that the developed fault takes; negative reads too much."""

    kind: ClassVar[str] = "sensor_scale"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._share = float(parameters(self.kind, params, share=0.3)["share"])

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set the factor on the gain."""
        target.condition.scale = 1.0 - self._share * severity
