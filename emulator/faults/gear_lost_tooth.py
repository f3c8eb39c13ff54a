"""A pinion tooth breaks off: its pair is missing for one pitch of each turn."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.gearbox import Gearbox


class GearLostTooth:
    """Share of the tooth that is gone; at 1 the neighbours take over only 80 µm later and contact is lost."""

    kind: ClassVar[str] = "gear_lost_tooth"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("gearbox",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Gearbox, severity: float, t_ns: int) -> None:
        """Set what is missing."""
        target.condition.lost_tooth = severity
