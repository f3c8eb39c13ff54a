"""A controller tuned too tight."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.pid import Pid


class PidTuning:
    """Gain from its sound value to `ultimate_ratio` times it, where the loop oscillates for ever."""

    kind: ClassVar[str] = "pid_tuning"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("pid_loop",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._ratio: float = parameters(self.kind, params, ultimate_ratio=4.0)["ultimate_ratio"]
        if self._ratio <= 1.0:
            raise ValueError(f"fault {self.kind}: ultimate_ratio = {self._ratio:g} must be above 1")

    def apply(self, target: Pid, severity: float, t_ns: int) -> None:
        """Set the gain of the controller."""
        target.condition.gain_factor = 1.0 + (self._ratio - 1.0) * severity
