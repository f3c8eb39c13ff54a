"""A metric comes in another type than its birth said (catalogue Q8)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugTypeMismatchFault:
    """Sends a number as text.

    The first scalar of a message is sent as String, its number written out, with datatype 12.

    Severity is the share of messages hit.
    """

    kind: ClassVar[str] = "sparkplug_type_mismatch"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
