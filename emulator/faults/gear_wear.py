"""Uniform wear: tips and roots of all teeth lose metal, the pitch line does not."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearWear:
    """Depth 0 to 40 µm; the second and third mesh harmonics grow faster than the first, and play grows."""

    kind: ClassVar[str] = "gear_wear"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set the depth of the wear."""
        target.condition.wear_m = 40e-6 * severity
