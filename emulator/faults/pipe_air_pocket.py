"""Air trapped at a high point: a spring in the pipe."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.junction import Junction
from emulator.physics.pipe import Pipe


class PipeAirPocket:
    """50 litres of air (at atmospheric pressure) times s at the end of the pipe, or at the junction."""

    kind: ClassVar[str] = "pipe_air_pocket"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("pipe", "junction")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def check(self, target: Junction | Pipe) -> None:
        """Refuse a pipe in the loop of a single pump, whose water has one flow everywhere."""
        if isinstance(target, Pipe) and not target.in_network:
            raise ValueError(f"{self.kind}: a pocket needs a network of pipes; give the pipe a junction at its end")

    def apply(self, target: Junction | Pipe, severity: float, t_ns: int) -> None:
        """Set the volume of air."""
        target.condition.air_m3 = 0.050 * severity
