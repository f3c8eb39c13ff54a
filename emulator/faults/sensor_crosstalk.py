"""Cross-talk and ground loop: mains hum, and 1 % of a neighbour's signal."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain
from emulator.sensors.terminals import beside


class SensorCrosstalk:
    """`hum` (amplitude, fraction of span) at `hum_hz`, and `share` of `neighbour`'s signal, in the developed fault."""

    kind: ClassVar[str] = "sensor_crosstalk"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, neighbour="", share=0.01, hum=0.01, hum_hz=50.0)
        self._neighbour, self._share = str(given["neighbour"]), float(given["share"])
        self._hum, self._hum_hz = float(given["hum"]), float(given["hum_hz"])
        if self._hum_hz < 0.0:
            raise ValueError(f"fault {self.kind}: hum_hz = {self._hum_hz:g} must not be negative")

    def check(self, target: Chain) -> None:
        """Refuse a neighbour that is none."""
        if self._share:
            beside(target, self._neighbour, self.kind)

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set hum and cross-talk."""
        c = target.condition
        c.neighbour = beside(target, self._neighbour, self.kind) if severity > 0.0 and self._share else ""
        c.crosstalk = severity * self._share
        c.hum, c.hum_hz = severity * self._hum, self._hum_hz
