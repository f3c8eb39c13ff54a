"""Saturation: the limits shrink to (1 − 0.8·severity) of the range."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain


class SensorSaturation:
    """A waveform is clipped on both sides, a transmitter at its upper end."""

    kind: ClassVar[str] = "sensor_saturation"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Set the factor on the limits."""
        target.condition.limit_factor = 1.0 - 0.8 * severity
