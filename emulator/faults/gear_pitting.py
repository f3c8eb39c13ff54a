"""Pits on pinion teeth: the flank drops away where metal has broken out."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearPitting:
    """Pit depth 5 µm just after onset to 60 µm, on one tooth to five; impacts, and flakes in the oil."""

    kind: ClassVar[str] = "gear_pitting"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set depth and number of the pits."""
        target.condition.pit_depth_m = 5e-6 + 55e-6 * severity if severity > 0.0 else 0.0
        target.condition.pit_teeth = min(1 + int(5.0 * severity), 5) if severity > 0.0 else 0
