"""Foam or lighter liquid: the hydrostatic level reads too low."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.tank import Tank


class TankFoam:
    """Hydrostatic level ×(1 - 0.2 s)."""

    kind: ClassVar[str] = "tank_foam"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("tank",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Tank, severity: float, t_ns: int) -> None:
        """Set the share by which foam makes the water lighter."""
        target.condition.foam = 0.20 * severity
