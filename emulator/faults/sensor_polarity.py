"""Polarity or axis error: reversed leads, or a sensor turned by 90°·severity."""

import math
from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain, WaveformChain
from emulator.sensors.terminals import beside


class SensorPolarity:
    """`mode` is "sign" (any severity reverses) or "axis" (turned towards what the waveform `with` measures)."""

    kind: ClassVar[str] = "sensor_polarity"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = (
        "accelerometer",
        "vibration_velocity",
        "current_clamp",
        "voltage",
        "electric",
        "thermocouple",
        "position",
        "proximity",
        "speed",
        "encoder",
        "dynamic_pressure",
        "microphone",
    )

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, mode="sign", **{"with": ""})
        self._mode, self._with = given["mode"], str(given["with"])
        if self._mode not in ("sign", "axis"):
            raise ValueError(f"fault {self.kind}: mode = {self._mode!r} must be 'sign' or 'axis'")
        if self._mode == "axis" and not self._with:
            raise ValueError(
                f"fault {self.kind}: mode 'axis' needs with, the waveform that measures along the other axis"
            )

    def check(self, target: Chain) -> None:
        """Refuse an axis error of a sensor without axes, or towards a point that is no neighbour."""
        if self._mode == "axis":
            if not isinstance(target, WaveformChain):
                raise ValueError(f"fault {self.kind}: {target.name!r} carries no waveform, so it has no axis to turn")
            beside(target, self._with, self.kind)

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Reverse the leads, or turn the axis."""
        c = target.condition
        if self._mode == "sign":
            c.reversed = severity > 0.0
            return
        c.turned_rad = 0.5 * math.pi * severity
        c.turned_to = self._with if severity > 0.0 else ""
