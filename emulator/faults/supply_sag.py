"""Voltage sag: the mains gives less than its nominal voltage."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.electrical_supply import ElectricalSupply
from emulator.physics.vfd import Vfd


class SupplySag:
    """Voltage ×(1 - depth·s), on a supply for all it feeds, on a drive at its own input."""

    kind: ClassVar[str] = "supply_sag"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("electrical_supply", "vfd")

    def __init__(self, params: dict[str, Any]) -> None:
        self.depth = float(parameters(self.kind, params, depth=0.3)["depth"])
        if not 0.0 < self.depth <= 1.0:
            raise ValueError(f"fault {self.kind}: depth = {self.depth:g} must be in (0, 1]; 1 is an interruption")

    def apply(self, target: ElectricalSupply | Vfd, severity: float, t_ns: int) -> None:
        """Set what is left of the voltage."""
        gain = 1.0 - self.depth * severity
        if isinstance(target, ElectricalSupply):
            target.condition.gain = gain
        else:
            target.condition.mains_gain = gain
