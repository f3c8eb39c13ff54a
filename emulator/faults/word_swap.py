"""Word swap: the two 16-bit words of a float arrive in the wrong order, as after a change of gateway."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain


class WordSwap:
    """Any severity above 0 exchanges the words."""

    kind: ClassVar[str] = "word_swap"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Exchange the words at any severity above 0."""
        target.condition.word_swap = severity > 0.0
