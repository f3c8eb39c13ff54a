"""A hole in a pipe: water is lost on the way."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.junction import Junction
from emulator.physics.pipe import Pipe


class PipeLeak:
    """Bore 10 mm times s at the end of the pipe, or at the junction; discharge coefficient 0.75."""

    kind: ClassVar[str] = "pipe_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("pipe", "junction")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Junction | Pipe, severity: float, t_ns: int) -> None:
        """Set the bore of the leak."""
        target.condition.leak_bore_m = 0.010 * severity
