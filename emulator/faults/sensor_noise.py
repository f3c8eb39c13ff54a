"""Noise increase: every noise of the chain × (1 + 9·severity)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain


class SensorNoise:
    """`gain` is the factor on noise that the developed fault adds."""

    kind: ClassVar[str] = "sensor_noise"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._gain = float(parameters(self.kind, params, gain=9.0)["gain"])

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Set the factor on noise."""
        target.condition.noise_gain = 1.0 + self._gain * severity
