"""Messages of the node are lost after they were numbered: the host sees a hole in the sequence (catalogue Q3)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugSeqGapFault:
    """Loses numbered messages.

    A data message gets its number and is not sent; the next one carries the number after it.

    Severity is the share of messages hit.
    """

    kind: ClassVar[str] = "sparkplug_seq_gap"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
