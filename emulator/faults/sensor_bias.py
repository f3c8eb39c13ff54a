"""Bias: a step of severity × 5 % of span at the gain and offset stage."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain


class SensorBias:
    """`share` is the bias of the developed fault as a fraction of span; negative reads low."""

    kind: ClassVar[str] = "sensor_bias"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._share = float(parameters(self.kind, params, share=0.05)["share"])

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Set the offset."""
        target.condition.bias = severity * self._share
