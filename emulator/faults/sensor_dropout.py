"""Dropout: transport comes and goes, mean gap severity × 10 s; status follows, the value stands."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain


class SensorDropout:
    """`gap_s` is the mean gap of the developed fault [s], `every_s` the mean time between gaps [s]."""

    kind: ClassVar[str] = "sensor_dropout"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, gap_s=10.0, every_s=20.0)
        self._gap_s, self._every_s = float(given["gap_s"]), float(given["every_s"])

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Set the mean gap."""
        target.condition.dropout_gap_s = severity * self._gap_s
        target.condition.dropout_every_s = self._every_s
