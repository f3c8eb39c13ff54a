"""A plugged impulse line: the level transmitter follows slowly."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.tank import Tank


class TankLevelTapPlugged:
    """Lag of the tap from 2 s to 600 s."""

    kind: ClassVar[str] = "tank_level_tap_plugged"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("tank",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Tank, severity: float, t_ns: int) -> None:
        """Set by what the lag of the tap is longer."""
        target.condition.tap_plugging = 1.0 + 299.0 * severity
