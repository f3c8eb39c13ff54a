"""A pressure wave from another loop upstream."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.pipe import Pipe, PipeCondition


class PipeUpstreamDisturbance:
    """Sine of amplitude_m·s of head in the pipe, with a period of its own."""

    kind: ClassVar[str] = "pipe_upstream_disturbance"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("pipe",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, amplitude_m=2.0, period_s=60.0)
        self._amplitude_m: float = given["amplitude_m"]
        self._period_s: float = given["period_s"]
        if self._amplitude_m <= 0.0 or self._period_s < 0.1:
            raise ValueError(f"fault {self.kind}: amplitude_m must be above 0 and period_s at least 0.1")

    def apply(self, target: Pipe, severity: float, t_ns: int) -> None:
        """Set amplitude and period of the wave."""
        target.condition.wave_m = self._amplitude_m * severity
        target.condition.wave_period_s = self._period_s if severity > 0.0 else PipeCondition().wave_period_s
