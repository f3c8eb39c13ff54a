"""Creep of the inner ring: it slips on its seat and lets the rotor off the axis."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing


class BearingCreep:
    """Severity is how loose the seat is: 500 ppm of slip and 20 µm of run-out at 1."""

    kind: ClassVar[str] = "bearing_creep"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set slip and run-out of the ring."""
        target.condition.creep = 500e-6 * severity
        target.condition.fit_m = 20e-6 * severity
