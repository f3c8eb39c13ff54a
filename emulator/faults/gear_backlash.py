"""Too much play between the teeth: harmless under load, rattle without it."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearBacklash:
    """Play ×(1 + 4 s); felt only when the mean force is below what the tooth errors swing."""

    kind: ClassVar[str] = "gear_backlash"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set the play."""
        target.condition.backlash_gain = 1.0 + 4.0 * severity
