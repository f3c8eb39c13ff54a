"""An inverter leg whose upper switch stays open: its phase gives half waves, and the current has a mean."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.terminal import PHASES
from emulator.physics.vfd import Vfd


class VfdIgbtOpen:
    """The switch misses a share s of its pulses; at 1 it never conducts and only negative half waves are left."""

    kind: ClassVar[str] = "vfd_igbt_open"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("vfd",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, phase="a")
        if given["phase"] not in PHASES:
            raise ValueError(f"fault {self.kind}: phase = {given['phase']!r} must be 'a', 'b' or 'c'")
        self.phase = PHASES[given["phase"]]

    def apply(self, target: Vfd, severity: float, t_ns: int) -> None:
        """Set the share of missing pulses."""
        target.condition.missing_pulses = severity
        target.condition.failing_leg = self.phase if severity > 0.0 else -1
