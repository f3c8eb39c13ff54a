"""Clogging suction strainer: the suction pressure falls until the pump cavitates."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.pipe import Pipe

CRITICAL_SEVERITY = 0.8


class SuctionClogging:
    """Adds resistance to the suction pipe, in proportion.

    At s = 0.8 NPSHa equals NPSH3 at the starting duty.
    """

    kind: ClassVar[str] = "suction_clogging"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("centrifugal_pump", "pipe")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def check(self, target: CentrifugalPump | Pipe) -> None:
        """Refuse, as `apply` does, a target without suction pipe; asked before the fault is configured."""
        pipe = target.suction if isinstance(target, CentrifugalPump) else target
        if pipe is None or pipe.critical_resistance_s2_m5 == float("inf"):
            raise ValueError(
                f"{self.kind}: no suction pipe to clog here; put the fault on a pipe between tank and pump"
            )

    def apply(self, target: CentrifugalPump | Pipe, severity: float, t_ns: int) -> None:
        """Set the added resistance of the pipe, or of the pump's suction pipe.

        Raises
        ------
        ValueError
            The pipe is no suction pipe, or clogging it cannot bring its pump to σ = 1.

        """
        pipe = target.suction if isinstance(target, CentrifugalPump) else target
        if severity == 0.0:
            if pipe is not None:
                pipe.condition.added_resistance_s2_m5 = 0.0
            return
        self.check(target)
        assert pipe is not None
        pipe.condition.added_resistance_s2_m5 = pipe.critical_resistance_s2_m5 * severity / CRITICAL_SEVERITY
