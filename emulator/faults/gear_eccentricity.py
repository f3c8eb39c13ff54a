"""Eccentric gear or bent shaft: run-out of one gear."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearEccentricity:
    """Run-out 10 µm just after onset to 150 µm, of the gear on the `shaft` named: input or output."""

    kind: ClassVar[str] = "gear_eccentricity"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        shaft = parameters(self.kind, params, shaft="input")["shaft"]
        if shaft not in ("input", "output"):
            raise ValueError(f"fault {self.kind}: shaft = {shaft!r} must be input or output")
        self._input = shaft == "input"

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set the run-out."""
        depth = 10e-6 + 140e-6 * severity if severity > 0.0 else 0.0
        if self._input:
            target.condition.eccentricity_in_m = depth
        else:
            target.condition.eccentricity_out_m = depth
