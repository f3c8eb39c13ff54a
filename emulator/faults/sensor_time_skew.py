"""Time skew: the sample clock is late, runs slow and jitters."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain
from emulator.sensors.skew import MOST_LATE_S


class SensorTimeSkew:
    """`offset_s` how late [s], `drift_ppm` how slow, `jitter_s` how uneven [s] the clock of the developed fault is."""

    kind: ClassVar[str] = "sensor_time_skew"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, offset_s=0.2, drift_ppm=100.0, jitter_s=1e-6)
        self._offset_s, self._drift_ppm = float(given["offset_s"]), float(given["drift_ppm"])
        self._jitter_s = float(given["jitter_s"])
        for name, value, most in (("offset_s", self._offset_s, MOST_LATE_S), ("drift_ppm", self._drift_ppm, 1e5)):
            if not 0.0 <= value <= most:
                raise ValueError(f"fault {self.kind}: {name} = {value:g} must be in [0, {most:g}]")
        if not 0.0 <= self._jitter_s <= 1.0:
            raise ValueError(f"fault {self.kind}: jitter_s = {self._jitter_s:g} must be in [0, 1]")

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set lateness, rate error and jitter of the clock."""
        c = target.condition
        c.late_s = severity * self._offset_s
        c.clock_drift_ppm = severity * self._drift_ppm
        c.jitter_s = severity * self._jitter_s
