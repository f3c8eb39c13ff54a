"""Loss of resolution: ⌊6·severity⌋ bits of the converter are gone."""

import math
from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain


class SensorQuantisation:
    """`bits` is how many bits the developed fault takes."""

    kind: ClassVar[str] = "sensor_quantisation"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._bits = float(parameters(self.kind, params, bits=6.0)["bits"])
        if not 0.0 <= self._bits <= 7.0:
            raise ValueError(
                f"fault {self.kind}: bits = {self._bits:g} must be in [0, 7]; a converter keeps one of its eight"
            )

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set the bits that are lost."""
        target.condition.bits_lost = math.floor(self._bits * severity)
