"""Too little oil, or too thin an oil: the film no longer parts the teeth."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearLowOil:
    """κ falls to a fifth, ×(1 - 0.8 s): by the level, or by the viscosity of a wrong grade, as `cause` says."""

    kind: ClassVar[str] = "gear_low_oil"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        cause = parameters(self.kind, params, cause="level")["cause"]
        if cause not in ("level", "grade"):
            raise ValueError(f"fault {self.kind}: cause = {cause!r} must be level or grade")
        self._level = cause == "level"

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set level or viscosity of the oil."""
        if self._level:
            target.condition.fill = 1.0 - 0.8 * severity
        else:
            target.condition.viscosity_gain = 1.0 - 0.8 * severity
