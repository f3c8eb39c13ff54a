"""Unbalanced supply: a voltage of negative sequence, and many times its share in the current."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.electrical_supply import ElectricalSupply
from emulator.physics.induction_motor import InductionMotor


class SupplyUnbalance:
    """V₂/V₁ = 0.05 s, on a supply for all it feeds, on a motor at its own terminals."""

    kind: ClassVar[str] = "supply_unbalance"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("electrical_supply", "induction_motor")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ElectricalSupply | InductionMotor, severity: float, t_ns: int) -> None:
        """Set the share of negative sequence."""
        if isinstance(target, ElectricalSupply):
            target.condition.unbalance = 0.05 * severity
        else:
            target.condition.terminal_unbalance = 0.05 * severity
