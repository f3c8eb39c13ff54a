"""Values move and their source time stands still (catalogue U10), as on a gateway whose clock died."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.misbehaviour import EVERY_POINT
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaSourceTimeFrozenFault:
    """The source time of one point, or of all, keeps the value it has at onset.

    There is no half of it: any severity above 0 freezes. Parameters: `point`, all if empty.
    """

    kind: ClassVar[str] = "opcua_source_time_frozen"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._point = str(parameters(self.kind, params, point="")["point"]) or EVERY_POINT

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Freeze from the next commit on, or let go at severity 0."""
        if severity > 0.0:
            target.frozen_source_times.add(self._point)
        else:
            target.frozen_source_times.discard(self._point)
