"""A death certificate of an earlier connection arrives late (catalogue Q2)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugOldNdeathFault:
    """Repeats a death certificate of an earlier connection.

    Before a data message goes an NDEATH whose bdSeq is one less than that of the last birth.

    Severity is the share of messages hit.
    """

    kind: ClassVar[str] = "sparkplug_old_ndeath"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
