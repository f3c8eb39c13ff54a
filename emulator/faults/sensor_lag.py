"""Lag: deposit on the well, time constants of the element × (1 + 9·severity)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain, ScalarChain


class SensorLag:
    """`gain` is what the developed fault adds to the factor; only a sensor with a lag has one to grow."""

    kind: ClassVar[str] = "sensor_lag"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self._gain = float(parameters(self.kind, params, gain=9.0)["gain"])
        if self._gain < 0.0:
            raise ValueError(
                f"fault {self.kind}: gain = {self._gain} must not be negative; deposit does not make faster"
            )

    def check(self, target: Chain) -> None:
        """Refuse a sensor without a lag."""
        if not isinstance(target, ScalarChain) or target.spec.lag <= 0.0:
            raise ValueError(
                f"fault {self.kind} does not fit {target.name!r}; its data sheet has no lag that could grow"
            )

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set the factor on the time constants."""
        target.condition.lag_factor = 1.0 + self._gain * severity
