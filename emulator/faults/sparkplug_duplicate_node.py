"""Two nodes use one name."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugDuplicateNodeFault:
    """A second node speaks under the same name.

    A second birth certificate of the node appears, and node data come twice, the second time with a sequence of
    its own.

    Severity is the share of node data doubled.
    """

    kind: ClassVar[str] = "sparkplug_duplicate_node"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity) if severity > 0.0 else None)
