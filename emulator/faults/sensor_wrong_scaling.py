"""Wrong unit or range: the number on the wire is multiplied, as by ×9.80665 or ×1000."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain


class SensorWrongScaling:
    """`factor` is what the number in the point's unit is multiplied with, at any severity above 0."""

    kind: ClassVar[str] = "sensor_wrong_scaling"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._factor = float(parameters(self.kind, params, factor=9.80665)["factor"])
        if self._factor == 0.0:
            raise ValueError(f"fault {self.kind}: factor = 0 would lose the value; use another number")

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set the factor at any severity above 0."""
        target.condition.code_factor = self._factor if severity > 0.0 else 1.0
