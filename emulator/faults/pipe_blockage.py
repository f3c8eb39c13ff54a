"""A pipe that grows shut: deposits, a strainer, a forgotten blind."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.pipe import Pipe


class PipeBlockage:
    """Losses of the pipe ×(1 + 49 s)."""

    kind: ClassVar[str] = "pipe_blockage"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("pipe",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Pipe, severity: float, t_ns: int) -> None:
        """Set by what the losses of the pipe are multiplied."""
        target.condition.blockage = 1.0 + 49.0 * severity
