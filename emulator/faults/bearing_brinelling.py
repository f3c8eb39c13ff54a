"""Brinelling: dents in the outer race, one under each ball of a standing shaft."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.rolling_bearing import RollingBearing, spall_width_mm

MOST = 100


class BearingBrinelling:
    """Severity is the width of each dent, 0.1·20^s mm; all balls pass theirs at once."""

    kind: ClassVar[str] = "bearing_brinelling"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("rolling_bearing",)

    def __init__(self, params: dict[str, Any]) -> None:
        self.marks = float(parameters(self.kind, params, marks=0)["marks"])
        if not (self.marks == 0 or 1 <= self.marks <= MOST):
            raise ValueError(f"fault {self.kind}: marks = {self.marks:g} must be 0 (as many as balls) or 1 … {MOST}")

    def apply(self, target: RollingBearing, severity: float, t_ns: int) -> None:
        """Set width and number of the dents."""
        target.condition.brinell_mm = 0.5 * spall_width_mm(severity)
        target.condition.brinell_marks = self.marks if severity > 0.0 else 0.0
