"""A lost phase: a blown fuse or an open contact, and a motor left on two wires."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.electrical_supply import ElectricalSupply
from emulator.physics.induction_motor import InductionMotor
from emulator.physics.terminal import PHASES


class SupplyPhaseLoss:
    """Any severity above 0 opens the phase, at the next zero of its current.

    On a supply all it feeds loses the phase; on a motor its own terminal is open.
    """

    kind: ClassVar[str] = "supply_phase_loss"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("electrical_supply", "induction_motor")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, phase="a")
        if given["phase"] not in PHASES:
            raise ValueError(f"fault {self.kind}: phase = {given['phase']!r} must be 'a', 'b' or 'c'")
        self.phase = PHASES[given["phase"]]

    def apply(self, target: ElectricalSupply | InductionMotor, severity: float, t_ns: int) -> None:
        """Open or close the phase."""
        target.condition.open_phase = self.phase if severity > 0.0 else -1
